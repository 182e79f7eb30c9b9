"""Celery tasks as tutorials write them; the settings come from the environment."""

import json
import os
import signal
import sqlite3
from contextlib import closing
from typing import Any

from celery import Celery

from .steps import block, block_at, say

url = os.environ.get("REDIS_URL", "memory://")
app = Celery("jobs", broker=url, backend=os.environ.get("REDIS_URL"))
app.conf.update(json.loads(os.environ.get("CONF", "{}")))
app.conf.beat_schedule = {"tick": {"task": "quick", "schedule": 0.5, "args": ["tick"]}}


@app.task(name="quick")
def quick(name: str) -> str:
    say(name)
    return name


@app.task(name="held")
def wait_for_gate(name: str) -> str:
    say(f"{name} runs in {os.getpid()}")
    say(f"{name} began")
    block_at(name)
    say(f"{name} ended")
    return name


@app.task(name="nap")
def nap(seconds: float) -> float:
    block(seconds)
    return seconds


@app.task(name="poison")
def kill_own_process() -> None:
    say("poison")
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="show")
def show(argument: Any) -> str:  # Any: whatever arrives
    return repr(argument)


@app.task(name="coroutine")
async def never_awaited() -> str:
    return "awaited"


@app.task(name="look-up")
def look_up(database: str, user: int) -> bool:
    """Tell whether the user is there."""
    with closing(sqlite3.connect(database)) as fresh:
        return bool(fresh.execute("SELECT 1 FROM users WHERE id = ?", [user]).fetchone())
