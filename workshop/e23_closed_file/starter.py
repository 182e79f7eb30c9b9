"""A service whose reports never open their file."""

import csv
import io
import os
import time
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException, Response, UploadFile

from workshop.journal import record

FOLDER = Path(os.environ.get("DATA_DIR", "."))
app = FastAPI()
reports: dict[str, dict[str, str]] = {}


def make_report(report_id: str, file: UploadFile) -> None:
    reports[report_id] = {"status": "running"}
    record("started", report_id=report_id)
    time.sleep(1)  # it waits for a free chart machine
    rows = list(csv.DictReader(io.TextIOWrapper(file.file, "utf-8", newline="")))
    total = sum((Decimal(row["amount"]) for row in rows), Decimal())
    text = f"orders,total\n{len(rows)},{total}\n"
    (FOLDER / f"{report_id}.report").write_text(text)
    reports[report_id] = {"status": "finished"}
    record("finished", report_id=report_id)


@app.post("/reports", status_code=202)
def create_report(file: UploadFile, jobs: BackgroundTasks) -> dict[str, str]:
    report_id = uuid4().hex
    reports[report_id] = {"status": "accepted"}
    jobs.add_task(make_report, report_id, file)
    return {"report_id": report_id}


@app.get("/reports/{report_id}")
def read_report(report_id: str) -> dict[str, str]:
    if report_id not in reports:
        raise HTTPException(404, f"no report {report_id!r}")
    return reports[report_id]


@app.get("/reports/{report_id}/file")
def download(report_id: str) -> Response:
    return Response((FOLDER / f"{report_id}.report").read_bytes(), media_type="text/csv")
