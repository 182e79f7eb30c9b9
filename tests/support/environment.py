"""Let the settings of this process be read again, with other values."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from scenarios.settings import get_settings


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Put `values` into the environment for a block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    get_settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        get_settings.cache_clear()
