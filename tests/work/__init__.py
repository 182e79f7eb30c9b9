"""The work itself, called without HTTP."""
