"""Libraries of others, which an exercise uses and nobody in it can change."""

import time

from .journal import record

RENDER_S = 1.0


def render_pdf(number: int) -> bytes:
    """Draw the PDF of one invoice: blocks the thread that calls it for a second."""
    time.sleep(RENDER_S)
    record("rendered", number=number)
    return b"%PDF"
