"""Processes are killed at random under a mixed load, again and again; nothing may be lost."""
