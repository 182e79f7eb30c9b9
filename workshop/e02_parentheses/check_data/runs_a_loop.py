"""Runs a loop of its own in the handler."""

import asyncio

from fastapi import FastAPI
from pydantic import BaseModel

from workshop.journal import record

app = FastAPI()


class Email(BaseModel):
    to: str


async def send_email(to: str) -> None:
    await asyncio.sleep(1)  # the mail server takes its time
    record("sent", to=to)


@app.post("/emails", status_code=202)
def create_email(email: Email) -> dict[str, str]:
    asyncio.run(send_email(email.to))
    return {"status": "accepted"}
