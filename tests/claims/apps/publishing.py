"""Endpoints that talk to Celery as tutorials show it, with brokers that can or cannot answer."""

import os
from typing import Any

from celery import Celery
from celery.result import AsyncResult
from fastapi import FastAPI
from kombu.exceptions import OperationalError

from .steps import say

app = FastAPI()
REFUSES = "redis://127.0.0.1:1/0"  # nobody listens on this port
url = os.environ.get("REDIS_URL", REFUSES)
apps = {
    "refused": Celery("refused", broker=REFUSES),
    "refused-with-results": Celery("refused-with-results", broker=REFUSES, backend=REFUSES),
    # The last one is what AsyncResult(id) asks in this thread.
    "up": Celery("up", broker=url, backend=url),
}


@app.get("/ping")
async def ping(word: str = "") -> str:
    if word:
        say(word)
    return "pong"


@app.post("/publish/{name}")
async def publish(name: str) -> str:
    """Publish without await, on the event loop."""
    say(f"{name} begins")
    try:
        apps[name].send_task("quick", [name])
    except (OperationalError, RuntimeError) as error:
        say(f"{name} ends")
        return type(error).__name__
    return "queued"


@app.post("/get-in-async")
async def get_on_the_loop(gate: str) -> Any:  # Any: the result of a task
    say(f"{gate} begins")
    result = apps["up"].send_task("nap", [0.7]).get(timeout=20)
    say(f"{gate} ends")
    return result


@app.post("/get-in-def")
def get_in_a_thread(gate: str) -> Any:  # Any: as above
    say(f"{gate} begins")
    result = apps["up"].send_task("held", [gate]).get(timeout=20)
    say(f"{gate} ends")
    return result


@app.get("/async/{task_id}")
async def read_on_the_loop(task_id: str) -> str:
    return str(AsyncResult(task_id).state)


@app.get("/def/{task_id}")
def read_in_a_thread(task_id: str) -> str:
    return str(AsyncResult(task_id).state)


@app.get("/def-with-app/{task_id}")
def read_with_app(task_id: str) -> str:
    return str(AsyncResult(task_id, app=apps["up"]).state)


@app.get("/typed-result/{task_id}")
@app.get("/result/{task_id}", response_model=None)
async def read_result(task_id: str) -> dict[str, Any]:  # Any: as above
    result: AsyncResult[Any] = AsyncResult(task_id, app=apps["up"])
    return {"status": result.state, "result": result.result}
