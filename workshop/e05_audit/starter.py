"""A registration whose audit log has no line when it matters."""

import time

from fastapi import BackgroundTasks, FastAPI, HTTPException
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from workshop.journal import record

app = FastAPI()
users: set[str] = set()


def audit(user: str, outcome: str) -> None:
    time.sleep(1)  # the audit server is far away
    record("audited", user=user, outcome=outcome)


def send_welcome(user: str) -> None:
    time.sleep(1)  # and so is the mail server
    record("welcomed", user=user)


@app.post("/users/{user}", status_code=201)
def create_user(user: str, jobs: BackgroundTasks) -> JSONResponse:
    if user in users:
        jobs.add_task(audit, user, "refused")
        raise HTTPException(409, f"{user} exists")
    users.add(user)
    jobs.add_task(audit, user, "created")
    return JSONResponse({"user": user}, 201, background=BackgroundTask(send_welcome, user))
