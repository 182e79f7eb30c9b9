"""Runs the same jobs on all approaches, and shows the figures side by side."""
