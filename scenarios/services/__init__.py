"""Calls to the services of others, and webhooks that their receiver can check."""
