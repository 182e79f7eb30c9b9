"""The runner that watches: it draws, listens to keys, and checks whenever a file is saved."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from watchfiles import watch as watch_files

from lab.processes.group import Processes
from lab.processes.signals import signals_exit

from .checking import check, checking_room
from .course import Exercise
from .keys import read_keys, single_keys
from .progress import Progress
from .screen import draw
from .session import Session
from .verdict import Verdict


class Watcher:
    """Brings session, screen, keys and checks together; only this thread touches the session."""

    def __init__(self, session: Session, room: Processes, console: Console) -> None:
        self.session = session
        self._room = room
        self._console = console
        self._threads = ThreadPoolExecutor(1)
        self._running: tuple[Exercise, Future[Verdict]] | None = None
        self._wanted = True

    def run(self, saved: threading.Event) -> None:
        """Draw, and do what keys and saved files ask for, until the learner quits."""
        self._draw()
        while not self.session.ended:
            changed = self._step(saved)
            keys = read_keys()
            if keys is None:  # the input has ended: finish the check, then go
                self.session.ended = self._running is None and not self._wanted
            for key in keys or "":
                self._wanted |= self.session.press(key)
            if changed or keys:
                self._draw()

    def close(self) -> None:
        """Let go of the check that runs; the room ends its processes."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _step(self, saved: threading.Event) -> bool:
        changed = self._collect()
        if saved.is_set():
            saved.clear()
            self.session.withdraw()
            self._wanted = True
        if self._wanted and self._running is None:
            self._wanted = False
            exercise = self.session.exercise
            self._running = exercise, self._threads.submit(check, exercise, self._room)
            self.session.checking = True
            changed = True
        return changed

    def _collect(self) -> bool:
        if self._running is None or not self._running[1].done():
            return False
        exercise, done = self._running
        self._running = None
        self.session.checking = False
        # A verdict on an exercise that was left, or on an older text, is no news.
        if exercise == self.session.exercise and not self._wanted:
            self.session.take(done.result())
        return True

    def _draw(self) -> None:
        if self._console.is_terminal:
            self._console.clear()
        self._console.print(draw(self.session))


def watch(exercises: list[Exercise], console: Console) -> None:
    """Run the workshop until the learner quits."""
    session = Session(exercises, Progress.load(exercises[0].folder.parent))
    saved, ended = threading.Event(), threading.Event()
    with signals_exit(), checking_room() as room, single_keys():
        files = threading.Thread(target=_watch_files, args=(session, saved, ended), daemon=True)
        files.start()
        watcher = Watcher(session, room, console)
        try:
            watcher.run(saved)
        except KeyboardInterrupt:
            console.print()
        finally:
            watcher.close()
            ended.set()
    console.print(f"{session.passed_count} of {len(exercises)} passed. `make workshop` goes on.")


def _watch_files(session: Session, saved: threading.Event, ended: threading.Event) -> None:
    """Note that the current app was saved; others are checked when they are opened."""
    folder = session.exercise.folder.parent
    for changes in watch_files(folder, stop_event=ended, debounce=300, raise_interrupt=False):
        if session.exercise.app in {Path(name) for _, name in changes}:
            saved.set()
