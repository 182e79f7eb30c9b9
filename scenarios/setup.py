"""What each process does once at its start: folders, logging, and a thread that cleans up."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from . import files, jobs, ledger, owners
from .recipes.tracing import AddRequestId
from .settings import get_settings
from .status import current_task_id, this_process_is_the_api
from .text import one_line
from .web.connections import limit_connections

logger = logging.getLogger(__name__)
ALL_TASKS_EVERY = 10  # sweeps: asking a store for every task takes seconds if there are many


class _AddTaskId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.task_id = current_task_id.get()
        return True


class OneLine(logging.Formatter):
    """Writes each message in one line, and what belongs to it indented: nobody can add a line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802, the name is given
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802, as above; Any: as in the standard library
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"    {one_line(line)}" for line in lines)


def set_up(
    *,
    is_api: bool,
    sweep: Callable[[], None] | None = None,
    store: str | Path | None = None,
    knows: owners.Knows | None = None,
) -> None:
    """Make the folders under DATA_DIR; the API also logs from INFO on and sweeps every minute.

    A thread of its own calls `sweep`, which lets go of what ended more than RESULT_TTL_S ago.
    `store` is the address of what keeps the tasks when this process dies; without one their files
    go with it. `knows` returns those of some task ids that the store has not forgotten, and raises
    if it cannot tell just now; without it no file that the store was given is removed by itself.
    Ends the process with a sentence if DATA_DIR cannot be written.
    """
    try:
        files.make_folders()
        owners.begin(owners.TaskStore(str(store), knows) if store else None, is_api=is_api)
    except OSError as error:
        raise SystemExit(f"cannot start: DATA_DIR cannot be written: {error.strerror}") from None
    # At INFO it writes whole URLs, and a webhook's may hold a token.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if is_api:  # not the Celery worker: it forks, and nothing may fork while threads run
        this_process_is_the_api()
        configure_logging()
        limit_connections()
        threading.Thread(target=clean_up, args=(sweep,), name="sweeper", daemon=True).start()


def clean_up(sweep: Callable[[], None] | None) -> None:
    """Remove what no task needs any more, now and every minute."""
    pause_s = min(60, max(0.5, get_settings().result_ttl_s))
    for sweeps in count():
        steps: list[Callable[[], None]] = [
            *([sweep] if sweep else []),  # else the tasks are forgotten elsewhere
            jobs.forget_files,
            ledger.turn_over,
            partial(owners.forget_dead_processes, files.forget),
        ]
        if sweeps % ALL_TASKS_EVERY == 0:
            steps.append(files.remove_orphans)
        for step in steps:
            try:
                step()
            except Exception:  # the boundary of this thread: the other steps must run all the same
                logger.exception("cannot clean up now; trying again in %g s", pause_s)
        time.sleep(pause_s)


def configure_logging() -> None:
    """Show INFO lines with the task id: plain uvicorn configures its own loggers only."""
    handler = logging.StreamHandler()
    handler.addFilter(_AddTaskId())
    handler.addFilter(AddRequestId())
    handler.setFormatter(OneLine("%(levelname)s [%(task_id)s] %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
