"""Jobs that a deploy must not misread: each task says which version of it this is."""

from typing import Any

from fastapi import APIRouter, Response

from scenarios import ledger
from scenarios.contract import JSONDict, new_task_id
from scenarios.http import Key
from scenarios.recipes import refunds
from scenarios.status import ReportProgress

from ..job_queue import Task
from .jobs import REFUSALS, Queue, start

router = APIRouter()
KIND = "refund"


# --8<-- [start:versions]
@router.post("/refunds", status_code=202, responses=REFUSALS)
async def create_refund(wanted: refunds.Refund, queue: Queue, key: Key = None) -> Response:
    """Give money back."""
    arguments = {"version": refunds.VERSION, **wanted.model_dump()}
    return await start(queue, Task(new_task_id(), KIND, arguments, key=key), wanted)


def refund(
    task_id: str, report_progress: ReportProgress, version: int = 1, **facts: Any
) -> JSONDict:
    report_progress(0)
    meant = refunds.translate(version, facts)
    ledger.record("effect", task_id, refunded_cents=meant["cents"])
    return meant


# --8<-- [end:versions]
# The kind is part of every task in the file: it stays when the function is renamed.
WORK = {KIND: refund}
