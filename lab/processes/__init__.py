"""Starts, watches and stops real processes: the apps and the services that they need."""
