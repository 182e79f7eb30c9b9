"""A service that keeps a copy of each upload until its report has ended."""

import csv
import os
import shutil
import time
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException, Response, UploadFile

from workshop.journal import record

FOLDER = Path(os.environ.get("DATA_DIR", "."))
app = FastAPI()
reports: dict[str, dict[str, str]] = {}


def run(report_id: str, upload: Path) -> None:
    try:
        make_report(report_id, upload)
    except Exception as error:
        reports[report_id] = {"status": "failed", "error": f"{type(error).__name__}: {error}"}
    finally:
        upload.unlink(missing_ok=True)


def make_report(report_id: str, upload: Path) -> None:
    reports[report_id] = {"status": "running"}
    record("started", report_id=report_id)
    time.sleep(1)  # it waits for a free chart machine
    with upload.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    total = sum((Decimal(row["amount"]) for row in rows), Decimal())
    text = f"orders,total\n{len(rows)},{total}\n"
    (FOLDER / f"{report_id}.report").write_text(text)
    reports[report_id] = {"status": "finished"}
    record("finished", report_id=report_id)


@app.post("/reports", status_code=202)
def create_report(file: UploadFile, jobs: BackgroundTasks) -> dict[str, str]:
    report_id = uuid4().hex
    reports[report_id] = {"status": "accepted"}
    upload = FOLDER / f"{report_id}.upload"  # never the name that the client gave it
    with upload.open("wb") as copy:
        shutil.copyfileobj(file.file, copy)
    jobs.add_task(run, report_id, upload)
    return {"report_id": report_id}


@app.get("/reports/{report_id}")
def read_report(report_id: str) -> dict[str, str]:
    if report_id not in reports:
        raise HTTPException(404, f"no report {report_id!r}")
    return reports[report_id]


@app.get("/reports/{report_id}/file")
def download(report_id: str) -> Response:
    status = read_report(report_id)["status"]
    if status != "finished":
        raise HTTPException(409, f"the report is {status}")
    return Response((FOLDER / f"{report_id}.report").read_bytes(), media_type="text/csv")
