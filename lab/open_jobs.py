"""The jobs that an app has accepted and that have not ended, according to its ledger."""

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from pathlib import Path

from .ledger import read_ledger

ENDS = {"finished", "failed", "cancelled", "interrupted"}
WAITS = {"accepted", "retried", "repeated", "requeued", "recovered", "put back", "resent"}


@dataclass(frozen=True)
class OpenJobs:
    """The jobs that run, by id with their start in monotonic seconds, and those that wait."""

    running: dict[str, float] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.ids)

    @property
    def ids(self) -> set[str]:
        """The ids of all open jobs."""
        return {*self.running, *self.waiting}

    def without(self, task_ids: Set[str]) -> "OpenJobs":
        """Return the jobs that are not among these."""
        running = {each: start for each, start in self.running.items() if each not in task_ids}
        return OpenJobs(running, self.waiting - task_ids)


def find_open_jobs(data_dir: Path) -> OpenJobs:
    """Read the ledger under `data_dir`."""
    jobs = OpenJobs()
    for event in read_ledger(data_dir):
        task_id, what = event["task_id"], event["event"]
        if what not in ENDS | WAITS | {"started"}:
            continue
        jobs.running.pop(task_id, None)
        jobs.waiting.discard(task_id)
        if what == "started":
            jobs.running[task_id] = event["t"]
        elif what in WAITS:
            jobs.waiting.add(task_id)
    return jobs


def count_ends(data_dir: Path, task_ids: Iterable[str]) -> Counter[str]:
    """Count how these tasks have ended; `open` stands for those that have not."""
    ends = dict.fromkeys(task_ids, "open")
    for event in read_ledger(data_dir):
        if event["task_id"] in ends:
            ended = event["event"] in ENDS
            ends[event["task_id"]] = event["event"] if ended else "open"
    return Counter(ends.values())


def in_words(jobs: OpenJobs, tense: str = "were") -> str:
    """Say how many run and wait: `3 jobs were running, 2 waiting`; nothing if there are none."""
    numbers = [(len(jobs.running), "running"), (len(jobs.waiting), "waiting")]
    (first, what), *rest = [each for each in numbers if each[0]] or [(0, "running")]
    verb = {"were": "was", "are": "is"}[tense] if first == 1 else tense
    words = f"{first} {'job' if first == 1 else 'jobs'} {verb} {what}"
    return ", ".join([words, *(f"{number} {what}" for number, what in rest)])
