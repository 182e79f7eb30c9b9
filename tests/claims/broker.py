"""An embedded Valkey."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Broker:
    url: str


@contextmanager
def open_broker(folder: Path) -> Iterator[Broker]:
    yield Broker(str(shutil.which("x")))
