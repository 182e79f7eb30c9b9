"""SIGTERM and a closed terminal end a program as an exception, so that its `with` blocks run."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

NUMBERS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_exit() -> Iterator[None]:
    """Raise SystemExit(128 + number) on SIGTERM and SIGHUP; for programs, in the main thread."""
    before = {number: signal.signal(number, _exit) for number in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
