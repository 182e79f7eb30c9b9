"""Jobs that a deploy must not misread: each message says which version of it this is."""

from typing import Any

from fastapi import APIRouter

from scenarios import ledger
from scenarios.contract import JSONDict
from scenarios.recipes import refunds

from ..celery_app import app
from ..tasks import AnyTask
from . import jobs
from .jobs import REFUSALS, Queued

router = APIRouter()


# --8<-- [start:versions]
@router.post("/refunds", status_code=202, responses=REFUSALS)
def create_refund(wanted: refunds.Refund) -> Queued:
    """Give money back."""
    return jobs.start([refund.s(version=refunds.VERSION, **wanted.model_dump())])


# The name is part of every message that waits: it stays when function or module are renamed.
@app.task(bind=True, name="shop.refund")
def refund(job: AnyTask, /, version: int = 1, **facts: Any) -> JSONDict:
    meant = refunds.translate(version, facts)
    ledger.record("effect", str(job.request.id), refunded_cents=meant["cents"])
    return meant


# --8<-- [end:versions]
