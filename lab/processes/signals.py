"""Turns signals that end a program into exceptions, so that its `with` blocks clean up."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 128 + signal.SIGINT  # as a shell counts Ctrl-C


@contextmanager
def signals_exit() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into KeyboardInterrupt within the block, and after it into
    SystemExit(128 + number); for programs, in the main thread.

    `asyncio.run` knows how to end its tasks on SIGINT, and only on SIGINT.
    """
    seen: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        signal.raise_signal(signal.SIGINT)

    before = {number: signal.signal(number, interrupt) for number in NUMBERS}
    # A shell that starts a program in the background may have told it to ignore SIGINT.
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        if seen:
            raise SystemExit(128 + seen[0]) from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def told_when_stopped(sentence: str) -> Iterator[None]:
    """Exit with the code of the signal that ends the block early, after this sentence."""
    try:
        with signals_exit():
            yield
    except (KeyboardInterrupt, SystemExit) as stop:
        print(sentence, file=sys.stderr)
        raise SystemExit(stop.code if isinstance(stop, SystemExit) else INTERRUPTED) from None
