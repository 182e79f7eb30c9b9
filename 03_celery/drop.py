"""Drops waiting jobs for good: their records say `cancelled`, and their messages go.

python -m 03_celery.drop 3f2a… 77b1…       # these jobs
python -m 03_celery.drop --queue low       # what waits in one queue, retries included
python -m 03_celery.drop --all             # everything that waits

`celery purge` alone empties the queues and leaves the records: the jobs are sent again from there.
"""

import argparse
from collections.abc import Iterator

from . import backend, records, tasks
from .celery_app import QUEUES, app


def drop(task_id: str) -> bool:
    """Cancel a job if it waits, and with it what would come behind it; tell whether it did."""
    outcome, message = records.cancel(task_id, waiting_only=True)
    if message:
        backend.end_what_follows(message)
    return outcome == "cancelled"


def find_waiting(queue: str | None) -> Iterator[str]:
    """Yield the jobs that wait, in one queue or in all."""
    for task_id, _ in records.redis.zscan_iter("tasks:queued", count=1000):
        if queue in (None, records.redis.hget(f"task:{task_id}", "queue")):
            yield task_id


def empty(queue: str) -> None:
    """Remove the messages of a queue; one that came just now is sent again from its record."""
    with app.connection_for_write() as connection:
        app.amqp.queues[queue](connection.default_channel).purge()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m 03_celery.drop", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", nargs="*", default=[], metavar="ID", help="these jobs")
    which.add_argument("--queue", choices=QUEUES, help="all jobs that wait in this queue")
    which.add_argument("--all", action="store_true", help="all jobs that wait")
    chosen = parser.parse_args()
    try:
        dropped = sum(map(drop, chosen.ids or list(find_waiting(chosen.queue))))
        if not chosen.ids:
            for queue in [chosen.queue] if chosen.queue else QUEUES:
                empty(queue)
    except tuple(tasks.UNAVAILABLE) as error:
        raise SystemExit(f"not all were dropped, try again: {error}") from None
    print(f"dropped {dropped} jobs")


if __name__ == "__main__":
    main()
