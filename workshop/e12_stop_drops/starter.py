"""A queue whose stop() leaves jobs behind."""

import asyncio

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
        while not self.stopping.is_set():
            number, seconds = await self.queue.get()
            states[number] = "running"
            await asyncio.sleep(seconds)
            record("finished", number=number)
            states[number] = "finished"

    async def stop(self, timeout_s: float) -> None:
        self.stopping.set()
        await asyncio.wait(self.workers, timeout=timeout_s)


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
