"""One effect for each `Idempotency-Key`, however often the request and the job arrive."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field, StringConstraints

from scenarios import get_settings, http
from scenarios.contract import JSONDict, Key, new_task_id
from scenarios.services.service import call, configured
from scenarios.status import now
from scenarios.web.edge import link

from .. import tasks
from ..celery_app import app
from ..tasks import AnyTask
from .jobs import REFUSALS, Queued

router = APIRouter()
settings = get_settings()
RequiredKey = Annotated[Key, Header(alias="Idempotency-Key")]


class Payment(BaseModel):
    """What is to be paid."""

    account: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4,34}$")]
    cents: Annotated[int, Field(ge=1, le=10_000_000, strict=True)]


# --8<-- [start:request]
@router.post(
    "/payments", status_code=202, responses=REFUSALS, dependencies=[Depends(http.read_key)]
)
def create_payment(payment: Payment, key: RequiredKey) -> Queued:
    """Pay once for each key: the same key with another body is refused."""
    job_id = tasks.publish(pay, new_task_id(), key, payment.model_dump())
    return Queued(jobs_url=link(f"/jobs/{job_id}"))


# --8<-- [end:request]
# --8<-- [start:claim]
@app.task(bind=True)
def pay(job: AnyTask, account: str, cents: int) -> JSONDict:
    # A second delivery does not get here while the first one runs, nor when it has ended. But a
    # worker that dies after the call and before the record of it calls again: only the bank can
    # tell then whether it was paid, so it gets the id as a key of its own.
    call_bank(str(job.request.id), account, cents)
    return {"account": account, "cents": cents, "paid_at": now().isoformat()}


def call_bank(payment_id: str, account: str, cents: int) -> None:
    content = {"account": account, "cents": cents}
    url = configured(settings.payment_url, "PAYMENT_URL")
    call("the bank", "POST", url, json=content, headers={"Idempotency-Key": payment_id})


# --8<-- [end:claim]
