"""What can go wrong in a job, and the sentence that a client reads about it."""

from .text import one_line


class WorkError(Exception):
    """A failure that trying again cannot cure; anything else that a job raises may be retried."""


class TransientError(Exception):
    """A failure of somebody else that may be over soon.

    `retry_after_s` is the shortest wait before the next try, if the other side has named one.
    """

    def __init__(self, sentence: str, retry_after_s: float = 0) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


def shortest_wait_s(error: object) -> float:
    """Return how long to wait at least before trying again after `error`."""
    return error.retry_after_s if isinstance(error, TransientError) else 0


class BadUpload(ValueError):
    """Says why a file is refused before its job is taken."""


class CannotStore(Exception):
    """The disk does not take what a job needs: it is full, read-only or beyond its quota."""


def explain(error: BaseException) -> str:
    """Return one readable sentence for `error`: never empty, never a traceback."""
    text = one_line(" ".join(str(error).split()))
    if text and isinstance(error, WorkError | TransientError):
        return text
    return f"the job failed: {type(error).__name__}" + (f": {text}" if text else "")
