"""What a queue of your own is good for beyond the contract; a status is read at `/tasks/{id}`."""

from fastapi import APIRouter

from . import compute, later, metrics, periodic, progress, replay, request_id, versions

WORK = compute.WORK | periodic.WORK | request_id.WORK | versions.WORK
IN_PROCESS = compute.WORK.keys()
router = APIRouter(tags=["recipes"])
for topic in (compute, later, periodic, replay, metrics, progress, request_id, versions):
    router.include_router(topic.router)
