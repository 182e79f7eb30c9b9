"""kill -9 at random moments under load: the API, workers and their children, the broker."""

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from lab.load.watch import Watch
from lab.processes.part import Part
from lab.results import to_markdown
from lab.survival.cell import Cell
from lab.survival.columns import Column, find_columns
from lab.survival.count import count, count_copies_of_whole_runs, settle
from lab.survival.running_column import RunningColumn
from lab.survival.trial import Trial

from .check import count_uploads_left, count_webhooks, find_wrong
from .load import Load

ON_RABBITMQ = "03_celery+rabbitmq"
COLUMNS = ["03_celery", ON_RABBITMQ, "04_custom_queue+sqlite"]
# A job may be cut off by many kills here, and comes back soon after each.
ENV = {"MAX_ATTEMPTS": "100", "JOB_TIMEOUT_S": "15", "VISIBILITY_TIMEOUT_S": "20"}
TWO_PROCESSES = ("--workers", "2")
PAUSE_S = (0.2, 1.5)  # between two kills
OUTAGE_SHARE = 0.05  # of the kills of a broker or a Redis leave it away for a while
SHORTEST_OUTAGE_S, LONGEST_OUTAGE_S = 1.0, 60.0
SETTLE_S = 120.0
UNKNOWN = "–"


@dataclass(frozen=True)
class Kills:
    """The outcome of a number of kills.

    `outside_window` are second e-mails or webhooks of jobs of which no run was cut off, `resent`
    the jobs of 03 whose message the broker had lost, `outages_s` how long a broker was away.
    """

    cell: Cell
    kills: int
    resent: int
    outside_window: int
    hit: dict[str, int] = field(default_factory=dict)
    outages_s: list[float] = field(default_factory=list)
    uploads_left: int | None = None  # None: an older run, which did not look
    wrong: list[str] | None = None

    def __str__(self) -> str:
        counts = [f"{count} {name}" for name, count in self.count().items()]
        hits = ", ".join(f"{count} of {name}" for name, count in self.hit.items())
        return ", ".join([f"{self.cell.column}: {self.kills} kills ({hits})", *counts])

    def count(self) -> dict[str, int | str]:
        """Return each count by its name; a dash for what was not looked at."""
        return {
            "accepted": self.cell.accepted,
            "done": self.cell.finished,
            "lost": self.cell.lost,
            "late": self.cell.late,
            "failed": self.cell.failed,
            "wrong": UNKNOWN if self.wrong is None else len(self.wrong),
            "message sent again": self.resent,
            "run again": self.cell.run_twice,
            "effects twice": self.cell.effects_twice,
            "of them without a run that was cut off": self.outside_window,
            "uploads left": UNKNOWN if self.uploads_left is None else self.uploads_left,
        }

    def find_faults(self) -> list[str]:
        """Return a sentence for whatever must not happen under kills, and some details."""
        kept = self.cell.finished == self.cell.accepted > 0
        if kept and not (self.outside_window or self.wrong or self.uploads_left):
            return []
        return [str(self), *(self.wrong or [])[:5], *self.cell.traces[:3]]


def find_kill_columns(names: Sequence[str], root: Path) -> list[Column]:
    """Return the columns of these names, or all whose promises hold under kills."""
    found = []
    for name in names or COLUMNS:
        if name == ON_RABBITMQ:
            [celery] = find_columns(["03_celery"], root)
            found.append(replace(celery, name=ON_RABBITMQ, on_rabbitmq=True))
        else:
            found += find_columns([name], root)
    return found


def kill_at_random(
    running: RunningColumn, kills: int, watch: Watch, *, longest_outage_s: float = LONGEST_OUTAGE_S
) -> Kills:
    """Post jobs without a pause while processes are killed; then wait for all and check all."""
    running.prepare(ENV, uvicorn_args=TWO_PROCESSES)
    killer = Killer(running, longest_outage_s)
    with closing(Trial(running)) as trial:
        load = Load(trial)
        load.start()
        try:
            for number in range(1, kills + 1):
                watch.say(f"kill {number}")
                time.sleep(random.uniform(*PAUSE_S))
                killer.kill()
                watch.advance()
        finally:
            load.stop()
        watch.say("waiting for the last job")
        trial.supervised = True
        settle(trial, SETTLE_S)
        cell, resent = count(trial, "random_kills"), trial.count_with({"resent"})
        return Kills(
            cell,
            kills,
            resent,
            count_copies_of_whole_runs(trial) + _count_webhooks_of_whole_runs(trial),
            killer.hit,
            killer.outages_s,
            count_uploads_left(trial),
            find_wrong(trial, load.expected),
        )


class Killer:
    """Kills the processes of a column one after another, and starts each again."""

    def __init__(self, running: RunningColumn, longest_outage_s: float) -> None:
        self._longest_outage_s = longest_outage_s
        self.hit: dict[str, int] = {}
        self.outages_s: list[float] = []
        self._running = running
        self._ways: dict[str, Callable[[], None]] = {
            "the API": lambda: self._restart(running.app),
            "one process of the API": lambda: self._kill_child(running.app),
        }
        if running.column.has_worker:
            self._ways["the worker"] = lambda: self._restart(running.worker)
            self._ways["one process of the worker"] = lambda: self._kill_child(running.worker)
            for part in running.brokers:
                self._ways[part.name] = lambda part=part: self._take_away(part)  # type: ignore[misc]  # bound now

    def kill(self) -> None:
        """Kill a process that is chosen at random."""
        name = random.choice(list(self._ways))
        self._ways[name]()
        self._running.revive()
        self.hit[name] = self.hit.get(name, 0) + 1

    def _restart(self, part: Part) -> None:
        part.kill9(group=True)
        part.restart()

    def _kill_child(self, part: Part) -> None:
        if children := [pid for pid in part.children() if _works(pid)]:
            with suppress(ProcessLookupError):
                os.kill(random.choice(children), signal.SIGKILL)

    def _take_away(self, broker: Part) -> None:
        """Kill a broker; sometimes it is started again only after a while."""
        broker.kill9(group=True)
        if random.random() < OUTAGE_SHARE * len(self._ways):
            # On a logarithmic scale, so that short outages are as frequent as long ones.
            longest = self._longest_outage_s / SHORTEST_OUTAGE_S
            away_s = SHORTEST_OUTAGE_S * longest ** random.random()
            self.outages_s.append(round(away_s, 1))
            time.sleep(away_s)
        broker.restart()


def make_kills_table(seen: Sequence[Kills]) -> str:
    """Return the counts as Markdown, an approach a row."""
    rows = [[each.cell.column, str(each.kills), *map(str, each.count().values())] for each in seen]
    return to_markdown(["approach", "kills", *seen[0].count()], rows)


def _works(pid: int) -> bool:
    """Tell a process that does work from the helper that Python starts next to it."""
    try:
        return "resource_tracker" not in " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return False


def _count_webhooks_of_whole_runs(trial: Trial) -> int:
    """Count the pictures that were told twice though no run of them was cut off."""
    events = trial.events()
    return sum(
        number > 1 and sum(each["event"] == "started" for each in events[task_id]) < 2
        for task_id, number in count_webhooks(trial).items()
    )
