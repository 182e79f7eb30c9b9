"""What a queue of your own is good for beyond the contract; a status is read at `/tasks/{id}`."""

from fastapi import APIRouter

from . import compute, later, metrics, periodic, replay

WORK = compute.WORK | periodic.WORK
IN_PROCESS = compute.WORK.keys()
router = APIRouter(tags=["recipes"])
for topic in (compute, later, periodic, replay, metrics):
    router.include_router(topic.router)
