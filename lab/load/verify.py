"""Checks what an approach has produced: opens each file and adds up, instead of asking the API."""

from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO

from PIL import Image, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError


def find_report_fault(pdf: bytes, total: Decimal) -> str | None:
    """Return what is wrong with a report whose orders add up to `total`, or None."""
    try:
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    except PyPdfError as error:
        return f"the PDF does not open: {error}"
    if f"{total:,.2f}" not in text:
        return f"the PDF does not say the total {total:,.2f}"
    return None


def find_picture_fault(picture: bytes, size_px: tuple[int, int]) -> str | None:
    """Return what is wrong with a picture that should have (width, height), or None."""
    try:
        with Image.open(BytesIO(picture)) as opened:
            opened.load()
            seen_px = opened.size
    except (UnidentifiedImageError, OSError) as error:
        return f"the picture does not open: {error}"
    if seen_px != size_px:
        return f"the picture has {seen_px[0]}x{seen_px[1]} px, asked was {size_px[0]}x{size_px[1]}"
    return None


def count_once(task_ids: Sequence[str], delivered: Sequence[str]) -> tuple[int, list[str]]:
    """Return how many ids were delivered exactly once, and a sentence for each other id."""
    faults = [
        f"the e-mail of task {task_id} was delivered {delivered.count(task_id)} times"
        for task_id in task_ids
        if delivered.count(task_id) != 1
    ]
    return len(task_ids) - len(faults), faults
