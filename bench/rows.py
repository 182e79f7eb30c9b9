"""The lines of the table: what is compared with what, and the target."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A line of the table; its figures are named as in `programs.py`.

    With a `peer` the target is for the ratio of `ours` to it, else for the figure itself.
    Without a target the row only shows what was measured.
    """

    what: str
    ours: str
    target: float | None
    at_least: bool
    peer: str | None = None


ACCEPT = "accept rate over HTTP, no-op work"
HEALTHZ = "p99 of /healthz while 8 pictures are processed"
SPEED_UP = "Celery, e-mails to a slow mail server (50 ms)"
PEERS = ("litequeue", "persist-queue", "saq", "arq", "dramatiq", "rq")
COUNT = "counts of /metrics/queue, many tasks known"
LOOK = "memory of a look for lost jobs"
KEPT = (  # at most twice the time among a hundred times as many, and so many milliseconds
    (COUNT, "count-01", 10),
    (COUNT, "count-03", 10),
    (COUNT, "count-04", 10),
    (COUNT, "count-04-durable", 10),
    ("find the result of a task", "find", 1),
    ("one more picture in the search index", "index", 10),
    ("remove all of an ended task", "forget", 1),
    ("one more event in the ledger", "event", 1),
    ("drop the events of 1 000 ended tasks", "turn-over", 100),
)
ROWS = (
    Row("memory, no-op tasks, enqueued to finished", "memory", 6, True, "taskiq"),
    Row("memory, no-op tasks, enqueued to finished", "memory", 0.35, True, "bare"),
    Row("durable enqueue, 64 producers", "enqueue", 12, True, "huey-enqueue"),
    Row("durable enqueue, 64 producers", "enqueue", 25, True, "delay"),
    Row("durable, enqueued to finished", "durable", 8, True, "huey"),
    Row("durable, enqueued to finished", "durable", 16, True, "celery"),
    *(Row("durable enqueue, 64 producers", "enqueue", None, True, f"{p}/enqueue") for p in PEERS),
    *(Row("durable, enqueued to finished", "durable", None, True, f"{p}/finish") for p in PEERS),
    Row(ACCEPT, "accept-01/job", 0.93, True, "accept-01/bare"),
    Row(ACCEPT, "accept-02/job", 0.93, True, "accept-02/bare"),
    Row(ACCEPT, "accept-03/job", 0.9, True, "accept-03/def"),
    Row(ACCEPT, "accept-03/job", None, True, "accept-03/async"),
    Row(ACCEPT, "accept-04/job", 0.9, True, "accept-04/bare"),
    Row(ACCEPT, "accept-04-durable/job", 0.8, True, "accept-04-durable/bare"),
    Row(HEALTHZ, "healthz-01/busy", None, False, "healthz-01/idle"),
    Row(HEALTHZ, "healthz-02/busy", None, False, "healthz-02/idle"),
    Row(HEALTHZ, "healthz-03/busy", 3, False, "healthz-03/idle"),
    Row(HEALTHZ, "healthz-04/busy", 3, False, "healthz-04/idle"),
    Row("memory of a waiting task", "waiting", 1024, False),
    Row("growth of RSS after the first tenth of 1 000 000 tasks", "flat", 20, False),
    Row("memory, cost of enqueue and take", "deep", 2, False, "shallow"),
    Row(
        "durable, cost of enqueue and take", "durable-depth/deep", 2, False, "durable-depth/shallow"
    ),
    *(
        row
        for what, program, limit in KEPT
        for row in (
            Row(what, f"{program}/many", 2, False, f"{program}/few"),
            Row(what, f"{program}/many", limit, False),
        )
    ),
    Row(LOOK, "lost/many", 20, False),
    Row(SPEED_UP, "mails/2", 1.8, True, "mails/1"),
    Row(SPEED_UP, "mails/4", 3.6, True, "mails/1"),
)
