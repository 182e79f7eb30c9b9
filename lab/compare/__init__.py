"""Runs the same jobs on all four and puts what came of it side by side."""
