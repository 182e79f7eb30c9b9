"""What tasks of asyncio are good for beyond the contract: calls of other services, many at once."""

from fastapi import APIRouter

from scenarios.contract import ACCEPTS

from . import cache, fan_out, jobs, periodic, progress, request_id, user_settings

router = APIRouter(tags=["recipes"], responses={code: ACCEPTS[code] for code in (400, 413, 503)})
for topic in (jobs, user_settings, cache, fan_out, periodic, progress, request_id):
    router.include_router(topic.router)
