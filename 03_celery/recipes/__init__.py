"""What Celery is good for beyond the contract; each file holds the routes and jobs of one topic.

What many a tutorial calls `POST /send-email`, `POST /reports/` and `GET /reports/{id}/status` is
the shared contract: `POST /emails`, `POST /reports` and `GET /tasks/{task_id}` in `main.py`.
"""

from fastapi import APIRouter

from . import (
    broadcast,
    jobs,
    metrics,
    notifications,
    orders,
    payments,
    periodic,
    pictures,
    progress,
    replay,
    request_id,
    thumbnails,
    typed,
    users,
    versions,
)

router = APIRouter(tags=["recipes"])
for topic in (users, notifications, broadcast, pictures, thumbnails, orders, payments, typed):
    router.include_router(topic.router)
for topic in (periodic, jobs, metrics, progress, replay, request_id, versions):
    router.include_router(topic.router)
