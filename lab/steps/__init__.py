"""Starts a step of a numbered folder for a reader, and runs it against its transcript."""
