"""Beat: jobs by the clock. Run one beat, beside any number of workers:

celery -A 03_celery.schedule beat --loglevel INFO
"""

import logging
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler
from celery.schedules import crontab
from redis.exceptions import LockNotOwnedError, RedisError

from scenarios import files, get_settings
from scenarios.contract import JSONDict
from scenarios.reports.orders import add_up, connect
from scenarios.status import now

from . import records
from .celery_app import app

logger = logging.getLogger(__name__)
settings = get_settings()

# --8<-- [start:schedule]
# `expires`: what no worker took in time is dropped. Without it, a night without workers leaves
# thousands of messages, and the first worker of the morning runs them all.
ENTRIES: dict[str, Any] = {  # Any: Celery's own shape
    "relay-outbox": {
        "task": f"{__package__}.recipes.orders.relay_outbox",
        "schedule": settings.relay_every_s,
        "options": {"expires": settings.relay_every_s},
    },
    "clean-results": {
        "task": f"{__name__}.clean_results",
        "schedule": crontab(minute=30),
        "options": {"expires": 3000, "queue": "low"},
    },
    "nightly-report": {
        "task": f"{__name__}.nightly_report",
        "schedule": crontab(hour=3, minute=0),
        "options": {"expires": 6 * 3600, "queue": "low"},
    },
}
app.conf.update(
    beat_schedule=ENTRIES,
    beat_scheduler=f"{__name__}:OnlyBeat",
    beat_schedule_filename=str(settings.data_dir / "beat"),
    beat_max_loop_interval=settings.beat_lock_s / 3,
    beat_enable_remote_control=True,  # beat answers `celery inspect ping`, as workers do
    timezone="UTC",
)
# --8<-- [end:schedule]


# --8<-- [start:jobs]
@app.task
def clean_results() -> None:
    """Keep the nightly reports of a month, and nothing that belongs to no task any more."""
    oldest = now().date() - timedelta(days=31)
    for path in nightly_dir().iterdir():
        if path.stem < str(oldest):
            path.unlink(missing_ok=True)
    files.remove_orphans()


@app.task
def nightly_report(day: str | None = None) -> JSONDict:
    """Add up the orders of one day, by default yesterday, and publish a PDF if there are any."""
    from scenarios.reports.report_pdf import render_pdf  # heavy, and needed by this job alone

    day = str(date.fromisoformat(day) if day else now().date() - timedelta(days=1))
    with closing(connect()) as database:
        sums = add_up(database, "day", day)
    if sums.orders:
        # The same name for the same day: a second run replaces the first.
        pdf = render_pdf(f"Orders of {day}", sums.orders, sums.total, sums.regions)
        files.write_whole(nightly_dir() / f"{day}.pdf", pdf)
    return {"day": day, "orders": sums.orders, "total": str(sums.total)}


def nightly_dir() -> Path:
    """Return the folder of the nightly reports, which belong to no task of a client."""
    folder = settings.data_dir / "nightly"
    folder.mkdir(exist_ok=True)
    return folder


# --8<-- [end:jobs]
# --8<-- [start:lock]
class OnlyBeat(PersistentScheduler):
    """Holds a lock in Redis: two beats would send each job twice."""

    lock = records.redis.lock("beat", timeout=settings.beat_lock_s)
    has_ticked = is_closed = False

    def setup_schedule(self) -> None:
        """Claim the lock, or end with one sentence."""
        try:
            self._claim()
        except RedisError as error:
            raise SystemExit(f"beat needs Redis for its lock, start it again: {error}") from None
        super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Renew the lock before sending what is due."""
        if self.is_closed:
            # SIGTERM closed the broker's connection while it was read from, and the error of that
            # took the place of SystemExit.
            raise SystemExit
        try:
            self.lock.reacquire()
        except LockNotOwnedError:  # this beat was stopped for longer than the lock lasts
            self._claim()
        except RedisError as error:  # Celery, too, tries again when the broker is down
            logger.warning("the lock cannot be renewed now: %s", error)
        date = self.app.now()
        for entry in self.schedule.values():  # one ahead of it was noted before it was set back
            entry.last_run_at = min(entry.last_run_at or date, date)
        if not self.has_ticked:
            self.has_ticked = True
            logger.info("beat is running and has the lock")
        return float(super().tick(*args, **kwargs))

    def close(self) -> None:
        """Let the next beat start at once."""
        if self.is_closed:
            return  # Celery calls it twice on SIGTERM; the second time fails on a closed file
        super().close()
        self.is_closed = True
        try:
            if self.lock.owned():
                self.lock.release()
        except RedisError as error:
            logger.warning("the lock ends by itself in %g s: %s", settings.beat_lock_s, error)

    def _claim(self) -> None:
        # A signal during the start makes Celery set up a second scheduler in the same process.
        if not (self.lock.owned() or self.lock.acquire(blocking=False)):
            sentence = (
                "another beat is running: one is enough, two would send each job twice"
                f" (if it has crashed, this one can start in {settings.beat_lock_s:g} s)"
            )
            logger.critical(sentence)
            raise SystemExit(sentence)


# --8<-- [end:lock]
