"""kill -9 at random moments under load, again and again: 03's worker, and the API of 04."""

import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

from lab.load.watch import Watch

from .cell import Cell
from .count import count, count_copies_of_whole_runs, settle
from .posting import emails
from .running_column import RunningColumn
from .trial import Trial

COLUMNS = ["03_celery", "04_custom_queue+sqlite"]
ENV = {"MAX_ATTEMPTS": "1000"}  # a job may be hit by many kills here
PAUSE_S = (0.2, 1.5)  # between two kills
POST_EVERY_S = 0.05


@dataclass(frozen=True)
class Kills:
    """What came of so many kills; `outside_window` are second copies without a cut-off run.

    `resent` are the jobs of 03 whose message the broker had lost.
    """

    cell: Cell
    kills: int
    resent: int
    outside_window: int

    def __str__(self) -> str:
        counts = [f"{count} {name}" for name, count in self.count().items()]
        return ", ".join([f"{self.cell.column}: {self.kills} kills", *counts])

    def count(self) -> dict[str, int]:
        """Return each count by its name."""
        return {
            "accepted": self.cell.accepted,
            "done": self.cell.finished,
            "lost": self.cell.lost,
            "late": self.cell.late,
            "message sent again": self.resent,
            "run again": self.cell.run_twice,
            "e-mails twice": self.cell.effects_twice,
            "of them without a run that was cut off": self.outside_window,
        }

    def find_faults(self) -> list[str]:
        """Return what must not be."""
        kept = self.cell.finished == self.cell.accepted
        return [] if kept and not self.outside_window else [str(self), *self.cell.traces[:3]]


def kill_at_random(running: RunningColumn, kills: int, watch: Watch) -> Kills:
    """Post e-mails without a pause while processes are killed; wait for all, then count."""
    running.prepare(ENV)
    done = threading.Event()
    with closing(Trial(running)) as trial:
        client = threading.Thread(target=_post_until, args=[trial, done])
        client.start()
        try:
            for number in range(1, kills + 1):
                watch.say(f"kill {number}")
                time.sleep(random.uniform(*PAUSE_S))
                _kill(running)
                watch.advance()
        finally:
            done.set()
            client.join()
        watch.say("waiting for the last job")
        settle(trial)
        cell, resent = count(trial, "random_kills"), trial.count_with({"resent"})
        return Kills(cell, kills, resent, count_copies_of_whole_runs(trial))


def make_kills_table(seen: Sequence[Kills]) -> str:
    """Return the counts as Markdown, an approach a row."""
    lines = [["approach", "kills", *seen[0].count()], ["---"] + ["---:"] * 9]
    lines += [
        [each.cell.column, str(each.kills), *map(str, each.count().values())] for each in seen
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _post_until(trial: Trial, done: threading.Event) -> None:
    while not done.wait(POST_EVERY_S):
        trial.post(emails(trial.url, 1))


def _kill(running: RunningColumn) -> None:
    """Kill the worker with its children, or one child alone; of 04 the API with its children."""
    part = running.worker if running.column.has_worker else running.app
    children = part.children()
    if running.column.has_worker and children and random.random() < 0.5:
        with suppress(ProcessLookupError):
            os.kill(random.choice(children), signal.SIGKILL)
        return
    part.kill9(group=True)
    part.restart()
