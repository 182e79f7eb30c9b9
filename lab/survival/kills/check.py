"""Checks everything that the jobs have made, instead of trusting their status."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

from PIL import Image

from lab.load.verify import find_report_fault
from lab.survival.trial import Trial

from .load import ROWS, Expected

ORDERS = ("orders.sqlite", "SELECT task_id, count(*) FROM orders GROUP BY task_id")
PICTURES = ("pictures.sqlite", "SELECT task_id, count(*) FROM pictures GROUP BY task_id")


def find_wrong(trial: Trial, expected: dict[str, Expected]) -> list[str]:
    """Return a sentence for each job that has not made what it should have made."""
    return list(_wrong(trial, expected))


def count_uploads_left(trial: Trial) -> int:
    """Count the uploads of jobs that have ended."""
    uploads = trial.running.data_dir / "uploads"
    return sum((uploads / task_id).exists() for task_id in trial.accepted)


def count_webhooks(trial: Trial) -> Counter[str]:
    """Count the webhooks of each accepted picture."""
    asked = trial.receiver.asked
    return Counter({each: asked[each] for each, kind in trial.accepted.items() if kind == "image"})


def _wrong(trial: Trial, expected: dict[str, Expected]) -> Iterator[str]:
    data_dir = trial.running.data_dir
    orders, pictures = _count_rows(data_dir, *ORDERS), _count_rows(data_dir, *PICTURES)
    webhooks = count_webhooks(trial)
    for task_id, wanted in expected.items():
        status = trial.read(task_id).get("status", "unknown")
        if status != "succeeded":
            yield f"{task_id} is {status}"
        elif wanted.total is not None:
            if fault := find_report_fault(trial.download(task_id), wanted.total):
                yield f"{task_id}: {fault}"
            if orders[task_id] != ROWS:
                yield f"{task_id}: {orders[task_id]} rows of orders instead of {ROWS}"
        elif wanted.colour is not None:
            if (seen := _read_colour(trial.download(task_id))) != wanted.colour:
                yield f"{task_id}: a picture of colour {seen} instead of {wanted.colour}"
            if pictures[task_id] != 1:
                yield f"{task_id}: {pictures[task_id]} entries in the index instead of 1"
            if not webhooks[task_id]:
                yield f"{task_id}: no webhook"


def _count_rows(data_dir: Path, name: str, sql: str) -> Counter[str]:
    if not (data_dir / name).exists():
        return Counter()
    with closing(sqlite3.connect(data_dir / name)) as database:
        return Counter(dict(database.execute(sql).fetchall()))


def _read_colour(answer: bytes) -> tuple[int, ...]:
    with Image.open(BytesIO(answer)) as picture:
        pixel = picture.convert("RGB").getpixel((5, 5))
    assert isinstance(pixel, tuple)
    return pixel
