"""The work and the contract, written once for all four approaches."""

from . import contract, files, status, uploads
from .in_memory import Tasks
from .settings import get_settings
from .setup import set_up
from .status import TaskStatus
from .work import WORK

__all__ = [
    "WORK",
    "TaskStatus",
    "Tasks",
    "contract",
    "files",
    "get_settings",
    "set_up",
    "status",
    "uploads",
]
