"""One effect for each `Idempotency-Key`, however often the request and the job arrive."""

import hashlib
import json
from typing import Annotated
from uuid import NAMESPACE_URL, uuid5

import httpx
from fastapi import APIRouter, Header, HTTPException
from pydantic import BaseModel, Field, StringConstraints

from scenarios import get_settings, ledger
from scenarios.contract import JSONDict, Problem
from scenarios.service import calling, configured
from scenarios.status import now

from .. import records
from ..celery_app import app
from . import jobs
from .jobs import REFUSALS, Queued, Recorded

router = APIRouter()
settings = get_settings()
CLAIMED = "claimed"
RequiredKey = Annotated[
    str, StringConstraints(min_length=1, max_length=200), Header(alias="Idempotency-Key")
]
OTHER_BODY: dict[int | str, JSONDict] = {
    409: {"model": Problem, "description": "The key was used with another body."}
}


class Payment(BaseModel):
    """What is to be paid."""

    account: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4,34}$")]
    cents: Annotated[int, Field(ge=1, le=10_000_000, strict=True)]


# --8<-- [start:request]
@router.post("/payments", status_code=202, responses=REFUSALS | OTHER_BODY)
def create_payment(payment: Payment, key: RequiredKey) -> Queued:
    """Make the job's id from the key: a second request publishes the same job again, and the job
    itself sees to it that it has one effect.
    """
    job_id = str(uuid5(NAMESPACE_URL, f"payment:{key}"))
    body = hashlib.sha256(payment.model_dump_json().encode()).hexdigest()
    records.redis.set(f"payment:{job_id}:body", body, nx=True, ex=records.WAITING_TTL_S)
    if records.redis.get(f"payment:{job_id}:body") != body:
        raise HTTPException(409, "this Idempotency-Key was used with another body")
    step = pay.s(payment.account, payment.cents).set(task_id=job_id)
    return jobs.start([step], jobs_id=job_id)


# --8<-- [end:request]
# --8<-- [start:claim]
@app.task(bind=True, base=Recorded, max_starts=None)
def pay(job: Recorded, account: str, cents: int) -> JSONDict:
    """Claim the payment in one atomic step, then pay.

    The broker delivers a job again when it takes longer than the visibility timeout, also while
    it still runs. To look first and write later lets both deliveries pass.
    """
    payment_id = str(job.request.id)
    name = f"payment:{payment_id}"
    if not records.redis.set(name, CLAIMED, nx=True, ex=lease_s()):
        known = str(records.redis.get(name) or CLAIMED)
        if known != CLAIMED:
            facts: JSONDict = json.loads(known)
            return facts
        # The other delivery runs, or died a moment ago. This one must not be dropped: if the
        # other one never ends, nobody else comes back for the payment.
        ledger.record("held_back", payment_id)
        raise job.retry(countdown=1, max_retries=None)
    try:
        call_bank(payment_id, account, cents)
    except BaseException:
        records.redis.delete(name)  # the next try may claim it at once
        raise
    facts = {"account": account, "cents": cents, "paid_at": now().isoformat()}
    records.redis.set(name, json.dumps(facts), ex=records.WAITING_TTL_S)
    return facts


def lease_s() -> int:
    """Return how long a claim outlives a job that died: longer than any job may take."""
    return int(settings.job_timeout_s) + 10


def call_bank(payment_id: str, account: str, cents: int) -> None:
    """Pass the id on: only the bank can tell whether a call was made before a crash."""
    content = {"account": account, "cents": cents}
    headers = {"Idempotency-Key": payment_id}
    with calling("the bank"):
        url = configured(settings.payment_url, "PAYMENT_URL")
        answer = httpx.post(url, json=content, headers=headers, timeout=settings.call_timeout_s)
        answer.raise_for_status()


# --8<-- [end:claim]
