"""Keys one by one from a terminal, or line by line where there is none."""

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

POLL_S = 0.1


@contextmanager
def single_keys() -> Iterator[Event]:
    """Let the terminal hand over each key at once, without showing it; undo that at the end.

    Yields what is set when the learner comes back after Ctrl-Z: the shell has had the terminal.
    """
    resumed = Event()
    if not sys.stdin.isatty():
        yield resumed
        return

    def resume(*_: object) -> None:
        tty.setcbreak(sys.stdin)
        resumed.set()

    before = termios.tcgetattr(sys.stdin)
    signal.signal(signal.SIGCONT, resume)
    try:
        tty.setcbreak(sys.stdin)
        yield resumed
    finally:
        signal.signal(signal.SIGCONT, signal.SIG_DFL)
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def read_keys() -> str | None:
    """Return the keys that were pressed within POLL_S; None at the end of the input."""
    ready, _, _ = select.select([sys.stdin], [], [], POLL_S)
    if not ready:
        return ""
    pressed = os.read(sys.stdin.fileno(), 64).decode(errors="ignore")
    if not pressed:
        return None
    # An arrow or a function key begins with ESC and is no key of ours.
    return "" if len(pressed) > 1 and pressed[0] == "\x1b" else pressed
