"""How long to wait between two looks at what is not there yet."""

import time

FIRST_S, LONGEST_S = 0.02, 0.25


def pause(since: float) -> None:
    """Sleep a tenth of the time since `since` (monotonic seconds), 20 to 250 ms.

    A short wait is over soon, and a long one leaves the processor to what is waited for.
    """
    time.sleep(min(max(FIRST_S, (time.monotonic() - since) / 10), LONGEST_S))
