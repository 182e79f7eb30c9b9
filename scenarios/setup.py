"""What each process does once at its start: folders, logging, and away with old files."""

import logging

from .files import remove_expired, results_dir, uploads_dir
from .status import current_task_id, this_process_is_the_api


class _AddTaskId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.task_id = current_task_id.get()
        return True


def set_up(*, is_api: bool) -> None:
    """Make the folders under DATA_DIR, log from INFO on, remove expired files.

    Raises `OSError` if DATA_DIR cannot be written.
    """
    if is_api:
        this_process_is_the_api()
    configure_logging()
    for folder in (uploads_dir(), results_dir()):
        folder.mkdir(parents=True, exist_ok=True)
    remove_expired()


def configure_logging() -> None:
    """Show INFO lines with the task id: plain uvicorn configures its own loggers only."""
    handler = logging.StreamHandler()
    handler.addFilter(_AddTaskId())
    handler.setFormatter(logging.Formatter("%(levelname)s [%(task_id)s] %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)
