"""What comes in is tried once for each folder: 04 reads it the same, whatever keeps its tasks."""

from pathlib import Path

import pytest

from tests.support.running import IN_MEMORY

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [
        item for item in items if HERE in item.path.parents and IN_MEMORY in parameters(item)
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def parameters(item: pytest.Item) -> list[object]:
    return list(item.callspec.params.values()) if hasattr(item, "callspec") else []
