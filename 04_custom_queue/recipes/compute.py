"""CPU-bound work with a priority, in a process of its own."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from scenarios.contract import new_task_id
from scenarios.http import Key

from ..job_queue import Task
from ..primes import count_primes
from .jobs import REFUSALS, Queue, start

router = APIRouter()
KIND = "compute"
WORK = {KIND: count_primes}


class Computation(BaseModel):
    """Primes to count."""

    up_to: int = Field(ge=2, le=10**10, strict=True)
    priority: int = Field(0, ge=-10, le=10, strict=True, description="The highest runs first.")


# --8<-- [start:compute]
@router.post("/compute/", status_code=202, responses=REFUSALS)
async def create_computation(computation: Computation, queue: Queue, key: Key = None) -> Response:
    """Count primes; the highest priority runs first."""
    # In a process: as a coroutine it would stop every request, in a thread slow them down (GIL).
    arguments = {"up_to": computation.up_to}
    task = Task(new_task_id(), KIND, arguments, computation.priority, key)
    return await start(queue, task, computation)


# --8<-- [end:compute]
