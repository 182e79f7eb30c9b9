"""`GET /metrics`: the counts of `GET /metrics/queue`, for Prometheus."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from scenarios.web import prometheus

from .jobs import DOWN, Queue

router = APIRouter()


# --8<-- [start:metrics]
@router.get("/metrics", response_class=PlainTextResponse, responses=DOWN)
async def read_prometheus(queue: Queue) -> PlainTextResponse:
    """Answer in Prometheus' text format."""
    # In memory these are the counts of the process that answers: with `--workers 2` half of them.
    text = prometheus.render(await queue.metrics())
    return PlainTextResponse(text, media_type=prometheus.CONTENT_TYPE)


# --8<-- [end:metrics]
