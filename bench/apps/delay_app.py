"""What a reader would write instead of 03: a route with `.delay()`, once `def`, once `async def`.

The e-mail is checked as in the four apps. There is no record, no key, and nothing limits how long
a client waits for a broker that is down: the `async def` route then stops the whole API.
"""

import os

from celery import Celery
from fastapi import FastAPI

from scenarios.contract import EmailIn

REDIS_URL = os.environ["REDIS_URL"]
celery = Celery("bench", broker=REDIS_URL, backend=REDIS_URL)
app = FastAPI()


@celery.task
def send_email(to: str, subject: str, body: str) -> None:
    """Do nothing: no worker runs it."""


@app.post("/def/emails", status_code=202)
def create_email(email: EmailIn) -> dict[str, str]:
    return {"task_id": send_email.delay(**email.model_dump()).id}


@app.post("/async/emails", status_code=202)
async def create_email_on_the_loop(email: EmailIn) -> dict[str, str]:
    return {"task_id": send_email.delay(**email.model_dump()).id}
