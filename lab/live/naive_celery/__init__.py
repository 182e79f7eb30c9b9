"""Celery as most tutorials show it: default settings, and `delay` in an `async def` route."""
