"""The counts of `GET /metrics/queue` in the text format of Prometheus."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from scenarios.contract import QueueMetrics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(metrics: QueueMetrics, waiting: Mapping[str, int] | None = None) -> str:
    """Return one gauge for each fact; `waiting` holds the messages in each queue of a broker.

    Gauges, not counters: the counts fall again when old tasks are forgotten.
    """
    registry = CollectorRegistry()
    tasks = Gauge("tasks", "Tasks that are still remembered.", ["status"], registry=registry)
    for status in ("queued", "running", "succeeded", "failed"):
        tasks.labels(status).set(getattr(metrics, status))
    oldest = Gauge("oldest_queued_seconds", "Age of the oldest waiting task.", registry=registry)
    oldest.set(metrics.oldest_queued_s)
    if metrics.workers is not None:
        workers = Gauge("workers", "Jobs that can run at once.", registry=registry)
        workers.set(metrics.workers)
    if waiting is not None:
        depth = Gauge("queue_messages", "Messages in the queue.", ["queue"], registry=registry)
        for queue, messages in waiting.items():
            depth.labels(queue).set(messages)
    return generate_latest(registry).decode()
