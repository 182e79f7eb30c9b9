"""A sign-up in which a failure stays where it happens, and is told."""

import logging
from collections.abc import Callable

from fastapi import BackgroundTasks, FastAPI, HTTPException

from workshop.journal import record

app = FastAPI()
logger = logging.getLogger("signup")
tasks: dict[str, dict[str, str]] = {}


def charge_card(user: str) -> None:
    if user.startswith("broke"):
        raise ConnectionError(f"the bank does not answer for {user}")
    record("charged", user=user)


def send_welcome(user: str) -> None:
    if user.startswith("shy"):
        raise LookupError(f"no address of {user}")
    record("welcomed", user=user)


def tell_sales(user: str) -> None:
    if user.startswith("odd"):
        raise Exception(f"the library of the sales team breaks at {user}")  # of no other type
    record("told", user=user)


def run(task_id: str, job: Callable[[str], None], user: str) -> None:
    try:
        job(user)
    except Exception as error:  # the boundary of the job: nothing may pass it
        logger.error("task %s failed: %s", task_id, error)
        tasks[task_id] = {"status": "failed", "error": str(error)}
    else:
        tasks[task_id]["status"] = "finished"


@app.post("/users/{user}", status_code=202)
def create_user(user: str, jobs: BackgroundTasks) -> dict[str, str]:
    ids = {}
    for job in (charge_card, send_welcome, tell_sales):
        ids[job.__name__] = task_id = f"{user}-{job.__name__}"
        tasks[task_id] = {"status": "accepted"}
        jobs.add_task(run, task_id, job, user)
    return ids


@app.get("/tasks/{task_id}")
def read_task(task_id: str) -> dict[str, str]:
    if task_id not in tasks:
        raise HTTPException(404, f"no task {task_id!r}")
    return tasks[task_id]
