"""A shop that stands still whenever an invoice is made."""

import time

from fastapi import BackgroundTasks, FastAPI

from workshop.journal import record

app = FastAPI()


def render_pdf() -> None:
    """Stand for the library of a vendor: it blocks for a second, and you cannot change it."""
    time.sleep(1)


async def make_invoice(number: int) -> None:
    render_pdf()
    record("finished", number=number)


@app.post("/invoices/{number}", status_code=202)
async def create_invoice(number: int, jobs: BackgroundTasks) -> dict[str, str]:
    jobs.add_task(make_invoice, number)
    return {"status": "accepted"}


@app.get("/ping")
async def ping() -> dict[str, str]:
    return {"answer": "pong"}
