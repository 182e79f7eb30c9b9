"""A shop that promises the e-mail, and says where to ask what became of it."""

import time
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException, Response
from pydantic import BaseModel

from workshop.journal import record

app = FastAPI()
tasks: dict[str, str] = {}


class Email(BaseModel):
    to: str


def send_email(task_id: str, to: str) -> None:
    time.sleep(1)  # the mail server takes its time
    record("sent", to=to)
    tasks[task_id] = "finished"


@app.post("/emails", status_code=202)
def create_email(email: Email, response: Response, jobs: BackgroundTasks) -> dict[str, str]:
    task_id = uuid4().hex
    tasks[task_id] = "accepted"  # before the job can end
    jobs.add_task(send_email, task_id, email.to)
    response.headers["Location"] = f"/tasks/{task_id}"
    return {"task_id": task_id}


@app.get("/tasks/{task_id}")
def read_task(task_id: str) -> dict[str, str]:
    if task_id not in tasks:
        raise HTTPException(404, f"no task {task_id!r}")
    return {"status": tasks[task_id]}
