"""The recipes of the numbered folders, over HTTP on real processes."""
