"""The hybrid: the API of `01_background_tasks` unchanged, its jobs moved to Celery."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from celery import group
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from scenarios import get_settings
from scenarios.contract import Address, JSONDict, Line, Problem
from scenarios.email import compose, deliver
from scenarios.recipes import audit
from scenarios.status import current_task_id

from ..celery_app import app
from . import jobs
from .jobs import REFUSALS, Queued, Signed

router = APIRouter()
settings = get_settings()
TAKEN: dict[int | str, JSONDict] = {409: {"model": Problem, "description": "The name is taken."}}
SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    user_id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL UNIQUE, email TEXT NOT NULL
)
"""


class NewUser(BaseModel):
    """Who registers."""

    username: Line
    email: Address


class User(NewUser, Queued):
    """Who has registered."""

    user_id: int


# --8<-- [start:register]
@router.post("/users/register", status_code=201, responses=REFUSALS | TAKEN)
def register_user(user: NewUser) -> User:
    """Register a user; then send a welcome e-mail, and write a line into the audit log."""
    user_id = add_user(user)  # commits: published before that, a quick worker finds no user
    steps: list[Signed] = [
        send_welcome_email.s(user.email, user.username),
        write_audit_line.s(f"user {user_id}", "register"),
    ]
    try:
        queued = jobs.start(steps, group)
    except Exception:
        remove_user(user_id)  # who was refused may try again under the same name
        raise
    return User(**user.model_dump(), user_id=user_id, jobs_url=queued.jobs_url)


@app.task
def send_welcome_email(to: str, username: str) -> JSONDict:
    body = f"Hello {username},\n\nyour account is ready.\n"
    asyncio.run(deliver(compose(current_task_id.get(), to, f"Welcome, {username}", body)))
    return {"to": to}


@app.task
def write_audit_line(subject: str, action: str) -> None:
    audit.write_audit_line(subject, action)


# --8<-- [end:register]
def remove_user(user_id: int) -> None:
    with transaction() as database:
        database.execute("DELETE FROM users WHERE user_id = ?", (user_id,))


def add_user(user: NewUser) -> int:
    """Commit the user; raise 409 if the name is taken."""
    try:
        with transaction() as database:
            insert = "INSERT INTO users (username, email) VALUES (?, ?)"
            return database.execute(insert, (user.username, user.email)).lastrowid or 0
    except sqlite3.IntegrityError:
        raise HTTPException(409, f"the username {user.username!r} is taken") from None


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """Commit what the block does, or nothing of it."""
    path = settings.data_dir / "recipes.sqlite"
    with closing(sqlite3.connect(path, timeout=10)) as database, database:
        database.execute(SCHEMA)
        yield database
