"""Files: a CSV into the database, and a report whose library is heavy to import."""

import shutil
import time
from contextlib import closing
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from scenarios import files, owners
from scenarios.contract import JSONDict, Line, Problem, new_task_id
from scenarios.errors import WorkError
from scenarios.http import OrderFile
from scenarios.report import read_orders
from scenarios.status import current_task_id
from scenarios.uploads import check_csv

from .collector import Queued, Tasks
from .database import Session, connect

router = APIRouter()
Amount = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=2)]


class NewReport(BaseModel):
    """The figures of a report."""

    title: Line
    regions: Annotated[dict[Line, Amount], Field(min_length=1, max_length=100)]


# --8<-- [start:upload]
@router.post("/upload-csv", status_code=202)
def upload_csv(file: OrderFile, database: Session, tasks: Tasks) -> Queued:
    """Store an upload under a name of our own, commit, and let a job read it in.

    Saved as `file.filename`, `../evil.txt` leaves the folder, and two uploads of one name become
    one. A session handed to the job is closed, or kept from the pool, before it is needed.
    """
    check_csv(file.file)
    import_id = new_task_id()
    owners.take(import_id)  # the file goes with this process, should it be killed
    file.file.seek(0)
    with files.upload_path(import_id).open("wb") as target:
        shutil.copyfileobj(file.file, target)
    database.execute("INSERT INTO imports (import_id) VALUES (?)", (import_id,))
    tasks.add(ingest_csv, import_id)
    return Queued(jobs_url=tasks.jobs_url)


def ingest_csv(import_id: str) -> JSONDict:
    """Store every order of the file or none, in a session of this job's own."""
    try:
        with closing(connect()) as database, database:
            insert = "INSERT INTO imported VALUES (?, ?, ?, ?, ?, ?)"
            orders = database.executemany(insert, read_orders(import_id)).rowcount
            update = "UPDATE imports SET orders = ? WHERE import_id = ?"
            if not database.execute(update, (orders, import_id)).rowcount:
                raise WorkError(f"no import {import_id!r}: not committed before the job")
    finally:
        files.forget([import_id])
    return {"import_id": import_id, "orders": orders}


# --8<-- [end:upload]
# --8<-- [start:report]
@router.post("/reports/drafts", status_code=202)
async def create_draft(report: NewReport, tasks: Tasks) -> Queued:
    """Draw a report; the library that draws is imported by the job, in its thread.

    In an `async def` job the same import stops the whole event loop.
    """
    tasks.add(generate_report, report.title, report.regions)
    return Queued(jobs_url=tasks.jobs_url)


def generate_report(title: str, regions: dict[str, Decimal]) -> JSONDict:
    before = time.perf_counter()
    from scenarios.report_pdf import render_pdf

    import_s = round(time.perf_counter() - before, 3)
    pdf = render_pdf(title, len(regions), sum(regions.values(), Decimal()), regions)
    report_id = current_task_id.get()  # its file goes when the job is forgotten
    files.publish(report_id, ".pdf", pdf)
    return {"report_id": report_id, "size_bytes": len(pdf), "import_s": import_s}


@router.get(
    "/reports/drafts/{report_id}", responses={404: {"model": Problem}}, response_class=Response
)
def read_draft(report_id: UUID) -> Response:
    """Send the PDF."""
    path = files.result_path(str(report_id), ".pdf")
    if not path.exists():
        raise HTTPException(404, f"no draft with the report_id '{report_id}'")
    return FileResponse(path)


# --8<-- [end:report]
