"""The runner that watches: it draws, listens to keys, and checks whenever a file is saved."""

import shutil
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from rich.console import Console
from watchfiles import watch as watch_files

from lab.processes.group import Processes
from lab.processes.signals import signals_exit

from .checking import check, checking_room
from .course import Exercise
from .keys import read_keys, single_keys
from .progress import Progress
from .screen import WIDTH, draw
from .session import Session
from .verdict import Verdict


@dataclass
class News:
    """What happened outside of the runner's own thread since it last looked."""

    saved: Event = field(default_factory=Event)  # the app of the current exercise
    noted: Event = field(default_factory=Event)  # the file with the progress
    resumed: Event = field(default_factory=Event)  # the terminal is ours again, after Ctrl-Z


class Watcher:
    """Brings session, screen, keys and checks together; only this thread touches the session."""

    def __init__(self, session: Session, room: Processes, console: Console, news: News) -> None:
        self.session = session
        self._news = news
        self._size = shutil.get_terminal_size()
        self._room = room
        self._console = console
        self._threads = ThreadPoolExecutor(1)
        self._running: tuple[Exercise, Future[Verdict]] | None = None
        self._wanted = True

    def run(self) -> None:
        """Draw, and do what keys and saved files ask for, until the learner quits."""
        self._draw()
        while not self.session.ended:
            changed = self._step()
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

    def _step(self) -> bool:
        changed = self._collect()
        if take(self._news.saved):
            self.session.withdraw()
            self._wanted = True
        if take(self._news.noted):
            changed |= self.session.look_again()
        changed |= take(self._news.resumed) or self._was_resized()
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

    def _was_resized(self) -> bool:
        return self._console.is_terminal and self._size != shutil.get_terminal_size()

    def _draw(self) -> None:
        if not self._console.is_terminal:
            self._console.print(draw(self.session))
            return
        self._size = shutil.get_terminal_size()
        self._console.width = min(self._size.columns, WIDTH)
        self._console.clear()
        self._console.print(draw(self.session, self._size.lines))


def take(event: Event) -> bool:
    """Tell whether it was set, and clear it."""
    was_set = event.is_set()
    event.clear()
    return was_set


def watch(exercises: list[Exercise], console: Console) -> None:
    """Run the workshop until the learner quits."""
    session = Session(exercises, Progress.load(exercises[0].folder.parent))
    ended = Event()
    with signals_exit(), checking_room() as room, single_keys() as resumed:
        news = News(resumed=resumed)
        threading.Thread(target=_watch_files, args=(session, news, ended), daemon=True).start()
        watcher = Watcher(session, room, console, news)
        try:
            watcher.run()
        except KeyboardInterrupt:
            console.print()
        finally:
            watcher.close()
            ended.set()
    console.print(f"{session.passed_count} of {len(exercises)} passed. `make workshop` goes on.")


def _watch_files(session: Session, news: News, ended: Event) -> None:
    """Note what was saved; other apps than the current one are checked when they are opened."""
    folder = session.exercise.folder.parent
    for changes in watch_files(folder, stop_event=ended, debounce=300, raise_interrupt=False):
        paths = {Path(name) for _, name in changes}
        if session.exercise.app in paths:
            news.saved.set()
        if session.progress.path in paths:
            news.noted.set()
