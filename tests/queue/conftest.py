"""What the tests of the queue of 04 share: a queue in memory or in a file, and its jobs."""

from pathlib import Path

import pytest

from .queue_unit import Jobs


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def jobs() -> Jobs:
    return Jobs()


@pytest.fixture(params=["memory", "sqlite"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "queue.sqlite" if request.param == "sqlite" else None
