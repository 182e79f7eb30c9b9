"""The work that is posted to an app, and what came of it."""
