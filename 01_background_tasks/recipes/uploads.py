"""A CSV file into the database: what the request owns, and what the job must own itself."""

import shutil
import sqlite3
from contextlib import closing

from fastapi import APIRouter

from scenarios import files, owners
from scenarios.contract import JSONDict, new_task_id
from scenarios.errors import WorkError
from scenarios.http import OrderFile
from scenarios.report import read_orders
from scenarios.uploads import check_csv

from .database import Session, connect
from .jobs import Queued, Tasks

router = APIRouter()


# --8<-- [start:upload]
@router.post("/upload-csv", status_code=202)
def upload_csv(file: OrderFile, database: Session, tasks: Tasks) -> Queued:
    """Store a file of orders, and read it into the database after the answer."""
    check_csv(file.file)
    import_id = new_task_id()
    owners.take(import_id)  # the file goes with this process, should it be killed
    file.file.seek(0)
    # A name of our own: `file.filename` may be `../evil.txt`, or that of another upload.
    try:
        with files.upload_path(import_id).open("wb") as target:
            shutil.copyfileobj(file.file, target)
        database.execute("INSERT INTO imports (import_id) VALUES (?)", (import_id,))
        database.commit()  # a disk that is full says so here at the latest
    except (OSError, sqlite3.Error):  # leave nothing behind
        files.take_back(import_id)
        raise
    tasks.add(ingest_csv, import_id)  # the id, and neither the file nor the session
    return Queued(jobs_url=tasks.jobs_url)


# --8<-- [end:upload]
# --8<-- [start:ingest]
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


# --8<-- [end:ingest]
