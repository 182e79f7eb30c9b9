"""The limits of the app's queue, from its settings."""

from scenarios import get_settings

from .job_queue import Limits


def read_limits() -> Limits:
    """Return what QUEUE_WORKERS, JOB_TIMEOUT_S and the others say."""
    settings = get_settings()
    return Limits(
        workers=settings.queue_workers,
        size=settings.queue_size,
        timeout_s=settings.job_timeout_s,
        max_attempts=settings.max_attempts,
        retry_base_s=settings.retry_base_s,
        keep_s=settings.result_ttl_s,
        lease_s=settings.queue_lease_s,
    )
