"""A periodic job with a handle: it starts and ends with the app, and tells how it is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

from scenarios.errors import explain

from .fan_out import refresh_sources
from .jobs import settings


class Refreshing(BaseModel):
    """How the periodic job is."""

    is_running: bool
    every_s: float
    runs: int
    failures: int
    last_error: str | None


# --8<-- [start:periodic]
class Periodic:
    """Does `work` again and again, with a pause of `every_s`; a failure does not end it."""

    def __init__(self, work: Callable[[], Awaitable[object]], every_s: float) -> None:
        self.work, self.every_s = work, every_s
        self.runs = self.failures = 0
        self.last_error: str | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Start, unless it runs already."""
        if not self.is_running:
            self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        """Cancel, and wait until it has ended."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _repeat(self) -> None:
        while True:
            try:
                async with asyncio.timeout(settings.job_timeout_s):  # else one run hangs for ever
                    await self.work()
                self.last_error = None
            except Exception as error:
                self.failures += 1
                self.last_error = explain(error)
            self.runs += 1
            await asyncio.sleep(self.every_s)


# --8<-- [end:periodic]
# --8<-- [start:lifespan]
refresher = Periodic(refresh_sources, settings.refresh_every_s)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run within the lifespan of the app: this router brings its own."""
    refresher.start()
    yield
    await refresher.stop()


router = APIRouter(lifespan=lifespan)


# --8<-- [end:lifespan]
@router.get("/refresher")
async def read_refresher() -> Refreshing:
    """Tell whether the cache is refreshed, and how often that failed."""
    return Refreshing.model_validate(refresher, from_attributes=True)


@router.post("/refresher/start")
async def start_refresher() -> Refreshing:
    """Refresh at once and from then on; asking twice starts one."""
    refresher.start()
    return await read_refresher()


@router.post("/refresher/stop")
async def stop_refresher() -> Refreshing:
    """Stop refreshing, also in the middle of a run."""
    await refresher.stop()
    return await read_refresher()
