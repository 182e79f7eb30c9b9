"""A row says that the mail is still due, so the next process finds what a crash has lost."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

from fastapi import BackgroundTasks, FastAPI
from fastapi.testclient import TestClient

LEASE_S = 0.5  # two minutes in earnest (1)
PAUSE_S = 0.1  # a minute in earnest
TABLE = "CREATE TABLE IF NOT EXISTS users (email TEXT PRIMARY KEY, due_at REAL, tries INTEGER)"
CLAIM = (
    "UPDATE users SET due_at = ?, tries = tries + 1"
    " WHERE email = ? AND due_at <= ? AND tries < 8 RETURNING email"
)


def ask(sql: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(os.environ["DATABASE"], timeout=10)) as database, database:
        return database.execute(sql, values).fetchall()


def send_welcome(email: str) -> None:
    now = time.time()
    if not ask(CLAIM, now + LEASE_S, email, now):  # sent, or somebody else is sending it (2)
        return
    print("sending to", email, flush=True)
    if os.environ["CRASHES"]:
        os.kill(os.getpid(), signal.SIGKILL)
    ask("UPDATE users SET due_at = NULL WHERE email = ?", email)  # (3)
    print("sent to", email, flush=True)


async def sweep() -> None:
    while True:
        due = "SELECT email FROM users WHERE due_at <= ?"
        for (email,) in await asyncio.to_thread(ask, due, time.time()):
            await asyncio.to_thread(send_welcome, email)
        await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    ask(TABLE)
    sweeping = asyncio.create_task(sweep())
    yield
    sweeping.cancel()
    with suppress(asyncio.CancelledError):
        await sweeping


app = FastAPI(lifespan=lifespan)


@app.post("/users", status_code=201)
def sign_up(email: str, background: BackgroundTasks) -> None:
    ask("INSERT INTO users VALUES (?, ?, 0)", email, time.time())  # user and due mail at once (4)
    background.add_task(send_welcome, email)


def serve() -> None:
    with TestClient(app) as client:
        if os.environ["CRASHES"]:
            client.post("/users", params={"email": "ann@example.com"})
        while ask("SELECT email FROM users WHERE due_at IS NOT NULL"):
            time.sleep(PAUSE_S)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for crashes in ("yes", ""):
            env = os.environ | {"DATABASE": f"{folder}/shop.sqlite", "CRASHES": crashes}
            command = [sys.executable, __file__, "serve"]
            ended = subprocess.run(command, env=env, check=False)
            print("the process ended with", ended.returncode, flush=True)


if sys.argv[1:] == ["serve"]:
    serve()
else:
    main()
