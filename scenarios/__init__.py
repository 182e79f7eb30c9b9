"""The work and the contract, written once for all four approaches."""

from collections.abc import Callable
from typing import Any

from . import contract, files, uploads
from .contract import Kind
from .email import send_email
from .image import process_image
from .in_memory import Tasks
from .report import make_report
from .settings import get_settings
from .setup import set_up
from .status import TaskStatus

# Which function does which kind of job. Any: an `async def` here, a `def` there, and each kind has
# arguments of its own.
WORK: dict[str, Callable[..., Any]] = {
    Kind.EMAIL: send_email,
    Kind.REPORT: make_report,
    Kind.IMAGE: process_image,
}

__all__ = [
    "WORK",
    "TaskStatus",
    "Tasks",
    "contract",
    "files",
    "get_settings",
    "set_up",
    "uploads",
]
