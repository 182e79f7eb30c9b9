"""A priority queue with a pool of workers, as tutorials build it from asyncio."""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

Job = Callable[[], Any]  # Any: jobs return what they like


@dataclass
class Task:
    """A job and its id; two of them have no order."""

    id: str
    job: Job


class NaiveQueue:
    """Runs jobs, the highest priority first, and remembers what became of each."""

    def __init__(self, workers: int = 2, size: int = 1000, poll_s: float = 0.05) -> None:
        self.results: dict[str, dict[str, Any]] = {}  # Any: as above
        self.workers: list[asyncio.Task[None]] = []
        self._count = workers
        self._poll_s = poll_s
        self._queue: asyncio.PriorityQueue[tuple[int, Task]] = asyncio.PriorityQueue(size)
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        self.workers = [asyncio.create_task(self._work()) for _ in range(self._count)]

    async def stop(self, timeout_s: float) -> None:
        """Let the workers end what they run."""
        self._stopping.set()
        _, pending = await asyncio.wait(self.workers, timeout=timeout_s)
        for worker in pending:
            worker.cancel()

    async def enqueue(self, job: Job, priority: int = 0) -> str:
        task = Task(str(uuid4()), job)
        self.results[task.id] = {"status": "queued"}
        await self._queue.put((-priority, task))
        return task.id

    def read_status(self, task_id: str) -> dict[str, Any]:  # Any: as above
        return self.results.get(task_id, {"status": "unknown"})

    def read_metrics(self) -> dict[str, int]:
        return {
            "active_workers": sum(not worker.done() for worker in self.workers),
            "pending_results": len(self.results),
        }

    def count(self, status: str) -> int:
        return sum(each["status"] == status for each in self.results.values())

    async def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                _, task = await asyncio.wait_for(self._queue.get(), self._poll_s)
            except TimeoutError:
                continue
            self.results[task.id] = {"status": "running"}
            self.results[task.id] = await run(task.job)


async def run(job: Job) -> dict[str, Any]:  # Any: as above
    """Await a coroutine function, call any other in a thread."""
    try:
        result = await job() if inspect.iscoroutinefunction(job) else await asyncio.to_thread(job)
    except Exception as error:  # noqa: BLE001 # the job boundary
        return {"status": "failed", "error": str(error)}
    return {"status": "complete", "result": result}
