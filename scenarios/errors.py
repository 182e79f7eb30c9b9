"""What can go wrong in a job, and the sentence that a client reads about it."""

import sqlite3


class WorkError(Exception):
    """A failure that trying again cannot cure; anything else that a job raises may be retried."""


def explain(error: BaseException) -> str:
    """Return one readable sentence for `error`: never empty, never a traceback."""
    text = " ".join(str(error).split())
    if isinstance(error, WorkError) and text:
        return text
    if isinstance(error, sqlite3.OperationalError | OSError) and text:
        return f"the job could not use a file or a service: {text}"
    return f"the job failed: {type(error).__name__}" + (f": {text}" if text else "")
