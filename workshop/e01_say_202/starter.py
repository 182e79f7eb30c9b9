"""A shop that sends a welcome e-mail while its customer waits."""

import time

from fastapi import FastAPI
from pydantic import BaseModel

from workshop.journal import record

app = FastAPI()


class Email(BaseModel):
    to: str


def send_email(to: str) -> None:
    time.sleep(1)  # the mail server takes its time
    record("sent", to=to)


@app.post("/emails")
def create_email(email: Email) -> dict[str, str]:
    send_email(email.to)
    return {"status": "finished"}
