"""Keeps the tasks in an SQLite file, so that they outlive the process. Read it later."""
