"""What BackgroundTasks are good for beyond the contract; each recipe repairs what breaks easily."""

from fastapi import APIRouter

from scenarios.contract import ACCEPTS

from . import backups, drafts, jobs, notifications, pictures, progress, request_id, uploads, users

router = APIRouter(tags=["recipes"], responses={code: ACCEPTS[code] for code in (400, 413, 503)})
for topic in (
    jobs,
    users,
    pictures,
    uploads,
    drafts,
    notifications,
    backups,
    progress,
    request_id,
):
    router.include_router(topic.router)
