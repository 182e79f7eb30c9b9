"""What a queue of your own is good for beyond the contract; a status is read at `/tasks/{id}`."""

from fastapi import APIRouter

from . import compute, dead_letters, later, metrics, probes

WORK = compute.WORK | probes.WORK
IN_PROCESS = compute.WORK.keys()
router = APIRouter(tags=["recipes"])
for topic in (compute, later, probes, dead_letters, metrics):
    router.include_router(topic.router)
