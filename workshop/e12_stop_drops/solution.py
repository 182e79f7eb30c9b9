"""A queue whose stop() lets jobs end, for a while, and is honest about the rest."""

import asyncio
from contextlib import suppress

from fastapi import FastAPI, HTTPException

from workshop.journal import record

app = FastAPI()
states: dict[int, str] = {}  # queued, running, finished, interrupted


class JobQueue:
    def __init__(self, workers: int) -> None:
        self.queue: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
        self.stopping = asyncio.Event()
        self.workers = [asyncio.create_task(self.work()) for _ in range(workers)]

    async def work(self) -> None:
        while True:
            number, seconds = await self.queue.get()
            states[number] = "running"
            await asyncio.sleep(seconds)
            record("finished", number=number)
            states[number] = "finished"
            self.queue.task_done()

    async def stop(self, timeout_s: float) -> None:
        self.stopping.set()  # no new jobs from here on
        with suppress(TimeoutError):
            await asyncio.wait_for(self.queue.join(), timeout_s)
        for worker in self.workers:
            worker.cancel()
        await asyncio.gather(*self.workers, return_exceptions=True)
        for number, state in states.items():
            if state in ("queued", "running"):
                states[number] = "interrupted"


@app.post("/jobs/{number}", status_code=202)
async def create_job(number: int, seconds: float) -> dict[str, str]:
    queue = get_queue()
    if queue.stopping.is_set():
        raise HTTPException(503, "the queue is closed", headers={"Retry-After": "30"})
    states[number] = "queued"
    await queue.queue.put((number, seconds))
    return {"status": "queued"}


@app.post("/stop")
async def stop(timeout_s: float) -> dict[str, str]:
    await get_queue().stop(timeout_s)
    return {"status": "stopped"}


@app.get("/jobs")
async def read_jobs() -> dict[int, str]:
    return states


def get_queue() -> JobQueue:
    if not hasattr(app.state, "queue"):
        app.state.queue = JobQueue(workers=2)
    queue: JobQueue = app.state.queue
    return queue
