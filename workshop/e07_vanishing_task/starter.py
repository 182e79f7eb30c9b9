"""A shop whose jobs wait for the answer of a courier, and sometimes are never seen again."""

import asyncio
import gc
from weakref import WeakValueDictionary

from fastapi import FastAPI, HTTPException

from workshop.journal import record

app = FastAPI()
# The library of the courier: it remembers a question only as long as somebody waits for it.
questions: WeakValueDictionary[int, asyncio.Future[str]] = WeakValueDictionary()
running: set[asyncio.Task[None]] = set()


async def deliver(number: int) -> None:
    answer = asyncio.get_running_loop().create_future()
    questions[number] = answer
    record("asked", number=number)
    record("delivered", number=number, to=await answer)


@app.post("/parcels/{number}", status_code=202)
async def create_parcel(number: int) -> dict[str, str]:
    asyncio.create_task(deliver(number))
    return {"status": "accepted"}


@app.get("/running")
async def read_running() -> dict[str, int]:
    return {"running": len(running)}


@app.post("/courier/{number}")
async def receive_answer(number: int, door: str) -> dict[str, str]:
    if number not in questions:
        raise HTTPException(410, "nobody waits for this any more")
    questions[number].set_result(door)
    return {"status": "told"}


@app.post("/gc")
async def collect_garbage() -> None:
    gc.collect()  # Python does this by itself, at a moment of its own choice
