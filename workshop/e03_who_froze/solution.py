"""A shop that makes invoices in a thread, beside the event loop."""

from fastapi import BackgroundTasks, FastAPI

from workshop.journal import record
from workshop.vendor import render_pdf  # it blocks for a second, and is not yours to change

app = FastAPI()


def make_invoice(number: int) -> None:
    render_pdf(number)
    record("finished", number=number)


@app.post("/invoices/{number}", status_code=202)
async def create_invoice(number: int, jobs: BackgroundTasks) -> dict[str, str]:
    jobs.add_task(make_invoice, number)
    return {"status": "accepted"}


@app.get("/ping")
async def ping() -> dict[str, str]:
    return {"answer": "pong"}
