"""A shop that hands over the function, and its arguments beside it."""

import asyncio

from fastapi import BackgroundTasks, FastAPI
from pydantic import BaseModel

from workshop.journal import record

app = FastAPI()


class Email(BaseModel):
    to: str


async def send_email(to: str) -> None:
    await asyncio.sleep(1)  # the mail server takes its time
    record("sent", to=to)


@app.post("/emails", status_code=202)
async def create_email(email: Email, jobs: BackgroundTasks) -> dict[str, str]:
    jobs.add_task(send_email, email.to)
    return {"status": "accepted"}
