"""Which function does which kind of job."""

from collections.abc import Callable
from typing import Any

from .contract import Kind
from .email import send_email
from .image import process_image
from .report import make_report

# Any: an `async def` here, a `def` there, and each kind has arguments of its own.
WORK: dict[str, Callable[..., Any]] = {
    Kind.EMAIL: send_email,
    Kind.REPORT: make_report,
    Kind.IMAGE: process_image,
}
