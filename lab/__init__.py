"""Runs the four approaches as real processes, next to the services that they need."""
