"""The worker's side: Celery with its own default settings, and an e-mail by `smtplib`."""

import json
import os
import smtplib
import time
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from celery import Celery

REDIS_URL, SMTP = os.environ["REDIS_URL"], urlsplit(os.environ["SMTP_URL"])
app = Celery("naive", broker=REDIS_URL, backend=REDIS_URL)
app.conf.task_default_queue = "default"


@app.task(name="naive.email")
def send_email(task_id: str, to: str, subject: str, body: str) -> None:
    record("started", task_id)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@example.com", to, subject
    message["X-Task-ID"] = task_id
    message.set_content(body)
    with smtplib.SMTP(SMTP.hostname or "", SMTP.port or 25) as server:
        server.send_message(message)
    record("effect", task_id)
    record("finished", task_id)


def record(event: str, task_id: str) -> None:
    """Tell the ledger, which the live page counts by."""
    facts = {"t": time.monotonic(), "event": event, "task_id": task_id, "pid": os.getpid()}
    with Path(os.environ["DATA_DIR"], "ledger.jsonl").open("a") as ledger:
        ledger.write(json.dumps(facts) + "\n")
