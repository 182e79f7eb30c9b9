"""`GET /metrics`: the counts of the jobs and the depth of each queue, for Prometheus."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from scenarios.contract import UNKNOWN, JSONDict
from scenarios.web import prometheus

from .. import records
from ..celery_app import QUEUES, app

router = APIRouter()
DOWN: dict[int | str, JSONDict] = {503: UNKNOWN[503]}


# --8<-- [start:metrics]
@router.get("/metrics", response_class=PlainTextResponse, responses=DOWN)
def read_prometheus() -> PlainTextResponse:
    """Answer in Prometheus' text format; `GET /metrics/queue` has the same counts as JSON."""
    with app.connection_for_read() as connection:
        waiting = {queue: depth(connection, queue) for queue in QUEUES}
    text = prometheus.render(records.count(), waiting)
    return PlainTextResponse(text, media_type=prometheus.CONTENT_TYPE)


def depth(connection: Any, queue: str) -> int:  # Any: the stubs know no `queue_declare`
    """Ask the broker, Redis or RabbitMQ, how many messages wait."""
    try:
        return int(connection.default_channel.queue_declare(queue, passive=True).message_count)
    except connection.channel_errors:  # nothing was ever put there; Redis drops empty lists
        return 0


# --8<-- [end:metrics]
