"""A report whose library is heavy to import."""

import time
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, Field

from scenarios import files
from scenarios.contract import JSONDict, Line, Problem
from scenarios.status import current_task_id
from scenarios.web.edge import Download

from .jobs import Queued, Tasks

router = APIRouter()
Amount = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=2)]


class NewReport(BaseModel):
    """The figures of a report."""

    title: Line
    regions: Annotated[dict[Line, Amount], Field(min_length=1, max_length=100, fail_fast=True)]


# --8<-- [start:report]
@router.post("/reports/drafts", status_code=202)
async def create_draft(report: NewReport, tasks: Tasks) -> Queued:
    """Draw a report from figures."""
    tasks.add(generate_report, report.title, report.regions)
    return Queued(jobs_url=tasks.jobs_url)


def generate_report(title: str, regions: dict[str, Decimal]) -> JSONDict:
    before = time.perf_counter()
    from scenarios.reports.report_pdf import (
        render_pdf,  # in this job's thread; `async def` would block
    )

    import_s = round(time.perf_counter() - before, 3)
    pdf = render_pdf(title, len(regions), sum(regions.values(), Decimal()), regions)
    report_id = current_task_id.get()  # its file goes when the job is forgotten
    files.publish(report_id, ".pdf", pdf)
    return {"report_id": report_id, "size_bytes": len(pdf), "import_s": import_s}


# --8<-- [end:report]
@router.get(
    "/reports/drafts/{report_id}", responses={404: {"model": Problem}}, response_class=Response
)
def read_draft(report_id: UUID) -> Download:
    """Send the PDF."""
    path = files.result_path(str(report_id), ".pdf")
    if not path.exists():
        raise HTTPException(404, f"no draft with the report_id '{report_id}'")
    return Download(path, f"draft-{path.name}")
