"""The programs that measure, each a module of this package."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Program:
    """A module of this package to run, how much it is given, and what its value means.

    One that gives several values at once names its `parts`; NAME/PART is such a value.
    """

    module: str
    count: int
    unit: str
    title: str
    needs: str | None = None  # a package of the extra `bench-peers`
    venv: str = ""  # of its own, in `.venv/`, as its pins clash with ours
    options: tuple[str, ...] = ()  # more words of its command line
    parts: Mapping[str, str] = field(default_factory=dict)  # a title for each
    valkey: bool = False
    once: bool = False  # compared with nothing, and hardly differs: one round is enough

    @property
    def needs_more(self) -> bool:
        """Tell whether it needs a peer, Valkey or a running app, and not only the queue of 04."""
        return bool(self.needs or self.valkey or self.options)


RATE, REQUESTS = "tasks/s", "requests/s"
FOUR = ("01", "02", "03", "04")
APPS = {
    "01": "01_background_tasks",
    "02": "02_asyncio_create_task",
    "03": "03_celery",
    "04": "04_custom_queue",
    "04-durable": "04_custom_queue+sqlite",
}


def _accept(app: str) -> Program:
    parts = {"job": "POST /emails", "bare": "no job"}
    if app == "03_celery":
        parts |= {"def": "`def` with .delay()", "async": "`async def` with .delay()"}
    return Program(
        "apps.http_accept",
        1_280,
        REQUESTS,
        app,
        options=(app,),
        parts=parts,
        valkey="celery" in app,
    )


def _healthz(app: str) -> Program:
    parts = {"busy": "working", "idle": "idle"}
    return Program(
        "apps.http_healthz", 8, "ms", app, options=(app,), parts=parts, valkey="celery" in app
    )


def _peer(module: str, title: str, count: int, needs: str, *, valkey: bool = False) -> Program:
    parts = {"enqueue": "sent", "finish": "sent to finished"}
    return Program(module, count, RATE, title, needs, parts=parts, valkey=valkey)


def _kept(
    module: str, title: str, *options: str, unit: str = "ms", valkey: bool = False
) -> Program:
    parts = {"few": "1 000 kept", "some": "10 000 kept", "many": "100 000 kept"}
    name, count = f"kept.{module}", 100_000
    return Program(name, count, unit, title, options=options, parts=parts, valkey=valkey, once=True)


PROGRAMS = {
    "memory": Program("queue_of_04.memory_finish", 100_000, RATE, "04 in memory"),
    "bare": Program("queue_of_04.bare_finish", 100_000, RATE, "bare PriorityQueue, 4 consumers"),
    "taskiq": Program("peers.taskiq_finish", 20_000, RATE, "taskiq InMemoryBroker", "taskiq"),
    "enqueue": Program("queue_of_04.durable_enqueue", 32_000, RATE, "04 durable, enqueue"),
    "huey-enqueue": Program("peers.huey_enqueue", 1_920, RATE, "huey with fsync", "huey"),
    "delay": Program("peers.celery_delay", 640, RATE, "Celery .delay()", valkey=True),
    "durable": Program("queue_of_04.durable_finish", 12_800, RATE, "04 durable"),
    "huey": Program("peers.huey_finish", 640, RATE, "huey with fsync", "huey"),
    "litequeue": _peer("peers.litequeue_finish", "litequeue with fsync", 192, "litequeue"),
    "persist-queue": _peer(
        "peers.persistqueue_finish", "persist-queue with fsync", 192, "persistqueue"
    ),
    "saq": _peer("peers.saq_finish", "saq on Valkey", 640, "saq", valkey=True),
    "dramatiq": _peer("peers.dramatiq_finish", "dramatiq on Valkey", 640, "dramatiq", valkey=True),
    "rq": _peer("peers.rq_finish", "RQ on Valkey", 192, "rq", valkey=True),
    "arq": replace(_peer("peers.arq_finish", "arq on Valkey", 640, "arq", valkey=True), venv="arq"),
    "celery": Program("peers.celery_finish", 640, RATE, "Celery, one worker process", valkey=True),
    "waiting": Program(
        "queue_of_04.waiting_memory", 300_000, "bytes", "04 in memory, a waiting task", once=True
    ),
    "flat": Program("queue_of_04.flat_memory", 1_000_000, "MB", "04 in memory, growth", once=True),
    "index": _kept("picture_index", "the search index"),
    "count-01": _kept("known_tasks", "01 and 02, records in a dict", "dict"),
    "count-03": _kept("known_tasks", "03, records in Redis", "redis", valkey=True),
    "count-04": _kept("known_tasks", "04 in memory", "memory"),
    "count-04-durable": _kept("known_tasks", "04 durable", "file"),
    "find": _kept("files_kept", "results in a folder", "find"),
    "forget": _kept("files_kept", "upload, result, orders, index entry", "forget"),
    "event": _kept("ledger_kept", "the ledger", "event"),
    "turn-over": _kept("ledger_kept", "the ledger, turned over", "turn-over"),
    "lost": _kept("lost_jobs", "03, messages that wait", unit="MB", valkey=True),
    "deep": Program("queue_of_04.depth_cost", 1_000_000, "µs", "04 in memory, 1 000 000 waiting"),
    "shallow": Program("queue_of_04.depth_cost", 1_000, "µs", "04 in memory, 1 000 waiting"),
    "durable-depth": Program(
        "queue_of_04.durable_depth",
        1_000_000,
        "µs",
        "04 durable",
        parts={"deep": "1 000 000 waiting", "shallow": "1 000 waiting"},
    ),
    **{f"accept-{name}": _accept(app) for name, app in APPS.items()},
    **{f"healthz-{name}": _healthz(app) for name, app in APPS.items() if name in FOUR},
    "mails": Program(
        "peers.celery_mails",
        16,
        "e-mails/s",
        "Celery",
        options=("1", "2", "4"),
        parts={"1": "1 worker process", "2": "2 worker processes", "4": "4 worker processes"},
        valkey=True,
    ),
}


def find_program(figure: str) -> Program:
    """Return the program that gives a figure."""
    return PROGRAMS[figure.partition("/")[0]]


def find_title(figure: str) -> str:
    """Return the name of what a figure measures."""
    program, part = find_program(figure), figure.partition("/")[2]
    return f"{program.title}, {program.parts[part]}" if part else program.title


def figures_of(name: str, program: Program) -> list[str]:
    """Return the names of the figures that a program gives."""
    return [f"{name}/{part}" for part in program.parts] or [name]
