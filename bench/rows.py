"""What is measured, against what, and what is aimed at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A module of this package to run, how much it is given, and what its value means."""

    module: str
    count: int
    unit: str
    title: str
    needs: str | None = None  # a package of the extra `bench-peers`


@dataclass(frozen=True)
class Row:
    """A line of the table.

    With a `peer` the target is for the ratio of `ours` to it, else for the figure itself.
    """

    what: str
    ours: str
    target: float
    at_least: bool
    peer: str | None = None


RATE = "tasks/s"
PROGRAMS = {
    "memory": Program("memory_finish", 100_000, RATE, "04 in memory"),
    "bare": Program("bare_finish", 100_000, RATE, "bare PriorityQueue, 4 consumers"),
    "taskiq": Program("taskiq_finish", 20_000, RATE, "taskiq InMemoryBroker", "taskiq"),
    "enqueue": Program("durable_enqueue", 32_000, RATE, "04 durable, enqueue"),
    "huey-enqueue": Program("huey_enqueue", 1_920, RATE, "huey with fsync", "huey"),
    "delay": Program("celery_delay", 1_920, RATE, "Celery .delay()"),
    "durable": Program("durable_finish", 12_800, RATE, "04 durable"),
    "huey": Program("huey_finish", 1_280, RATE, "huey with fsync", "huey"),
    "celery": Program("celery_finish", 1_000, RATE, "Celery, one worker process"),
    "waiting": Program("waiting_memory", 300_000, "bytes", "04 in memory, a waiting task"),
    "flat": Program("flat_memory", 1_000_000, "MB", "04 in memory, growth"),
    "deep": Program("depth_cost", 1_000_000, "µs", "04 in memory, 1 000 000 waiting"),
    "shallow": Program("depth_cost", 1_000, "µs", "04 in memory, 1 000 waiting"),
}
ROWS = (
    Row("memory, no-op tasks, enqueued to finished", "memory", 6, True, "taskiq"),
    Row("memory, no-op tasks, enqueued to finished", "memory", 0.35, True, "bare"),
    Row("durable enqueue, 64 producers", "enqueue", 12, True, "huey-enqueue"),
    Row("durable enqueue, 64 producers", "enqueue", 25, True, "delay"),
    Row("durable, enqueued to finished", "durable", 8, True, "huey"),
    Row("durable, enqueued to finished", "durable", 16, True, "celery"),
    Row("memory of a waiting task", "waiting", 1024, False),
    Row("growth of RSS after the first tenth of 1 000 000 tasks", "flat", 20, False),
    Row("cost of enqueue and take, 1 000 000 waiting to 1 000", "deep", 2, False, "shallow"),
)
