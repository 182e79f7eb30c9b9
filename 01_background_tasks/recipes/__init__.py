"""What BackgroundTasks are good for beyond the contract; each recipe repairs what breaks easily."""

from fastapi import APIRouter

from scenarios.contract import ACCEPTS

from . import collector, pictures, services, uploads, users

router = APIRouter(tags=["recipes"], responses={code: ACCEPTS[code] for code in (400, 413, 503)})
for topic in (collector, users, pictures, uploads, services):
    router.include_router(topic.router)
