"""What each process does once at its start: folders, logging, and away with old files."""

import logging
import threading
import time
from typing import Any

from .files import remove_expired, results_dir, uploads_dir
from .status import current_task_id, this_process_is_the_api
from .text import one_line

logger = logging.getLogger(__name__)


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


def set_up(*, is_api: bool) -> None:
    """Make the folders under DATA_DIR; the API also logs from INFO on and removes old files.

    Raises `OSError` if DATA_DIR cannot be written.
    """
    for folder in (uploads_dir(), results_dir()):
        folder.mkdir(parents=True, exist_ok=True)
    # At INFO it writes whole URLs, and a webhook's may hold a token.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if is_api:  # not the Celery worker: it forks, and nothing may fork while threads run
        this_process_is_the_api()
        configure_logging()
        threading.Thread(target=sweep, name="sweeper", daemon=True).start()


def sweep() -> None:
    """Remove expired files, now and every minute."""
    while True:
        try:
            remove_expired()
        except OSError as error:
            logger.warning("cannot remove expired files: %s", error)
        time.sleep(60)


def configure_logging() -> None:
    """Show INFO lines with the task id: plain uvicorn configures its own loggers only."""
    handler = logging.StreamHandler()
    handler.addFilter(_AddTaskId())
    handler.setFormatter(OneLine("%(levelname)s [%(task_id)s] %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
