"""BackgroundTasks with the mistake of "A job that blocks": an `async def` that never awaits."""
