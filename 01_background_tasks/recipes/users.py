"""Users and items: several jobs in order, and an audit line whatever happens."""

import sqlite3
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import BaseModel

from scenarios.contract import Address, JSONDict, Line, Problem
from scenarios.email import compose, deliver
from scenarios.recipes.audit import write_audit_line
from scenarios.status import current_task_id

from .audit import audit_always
from .database import Session
from .jobs import Queued, Tasks

router = APIRouter()
UserId = Annotated[int, Path(ge=1, le=2**63 - 1)]
TAKEN: dict[int | str, JSONDict] = {409: {"model": Problem, "description": "The name is taken."}}


class NewUser(BaseModel):
    """Who registers."""

    username: Line
    email: Address


class User(NewUser, Queued):
    """Who has registered."""

    user_id: int


class Item(BaseModel):
    """Something with a name."""

    name: Line


async def send_welcome_email(to: str, username: str) -> JSONDict:
    body = f"Hello {username},\n\nyour account is ready.\n"
    await deliver(compose(current_task_id.get(), to, f"Welcome, {username}", body))
    return {"to": to}


# --8<-- [start:register]
@router.post("/users/register", status_code=201, responses=TAKEN)
def register_user(user: NewUser, database: Session, tasks: Tasks) -> User:
    """Register a user; then send a welcome e-mail, and write a line into the audit log."""
    try:
        insert = "INSERT INTO users (username, email) VALUES (?, ?)"
        user_id = database.execute(insert, (user.username, user.email)).lastrowid or 0
    except sqlite3.IntegrityError:
        raise HTTPException(409, f"the username {user.username!r} is taken") from None
    tasks.add(send_welcome_email, user.email, user.username)
    tasks.add(write_audit_line, f"user {user_id}", "register")
    return User(**user.model_dump(), user_id=user_id, jobs_url=tasks.jobs_url)


# --8<-- [end:register]
@router.delete("/users/{user_id}", status_code=202, responses={404: {"model": Problem}})
def delete_user(user_id: UserId, database: Session, tasks: Tasks) -> Queued:
    """Delete the row before the answer, and write an audit line after it."""
    if not database.execute("DELETE FROM users WHERE user_id = ?", (user_id,)).rowcount:
        raise HTTPException(404, f"no user with the user_id {user_id}")
    tasks.add(write_audit_line, f"user {user_id}", "delete")
    return Queued(jobs_url=tasks.jobs_url)


# --8<-- [start:items]
@router.post(
    "/items",
    status_code=201,
    responses=TAKEN,
    dependencies=[Depends(audit_always, scope="request")],
)
def create_item(item: Item, database: Session) -> Item:
    """Add an item; the audit log gets a line also when the name is taken."""
    try:
        database.execute("INSERT INTO items VALUES (?)", (item.name,))
    except sqlite3.IntegrityError:
        raise HTTPException(409, f"the name {item.name!r} is taken") from None
    return item


# --8<-- [end:items]
