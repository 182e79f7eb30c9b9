"""Kills the API with -9 while it has e-mails in flight, starts it again, counts what arrives."""

import time
from dataclasses import dataclass

from lab.errors import LabError
from lab.load.run_jobs import connect, wait_until_final
from lab.load.workload import email_posts, send_all
from lab.mailbox.client import Mailbox
from lab.processes.part import Part
from lab.processes.pauses import wait_for

from .figures import Count

DEADLINE_S = 30.0


@dataclass(frozen=True)
class Aftermath:
    """How many e-mails arrived, and how often one of them arrived twice."""

    arrived: Count
    second_copies: int


async def kill_and_count(app: Part, mailbox: Mailbox, emails: int) -> Aftermath:
    """Hold `emails` e-mails at the mailbox, kill and restart the API, let go, and count."""
    mailbox.hold()
    try:
        task_ids = await _accept(app.url, emails)
        wait_for("an e-mail in flight", lambda: mailbox.open_sessions() > 0)
        app.kill9()
        app.restart()
    finally:
        mailbox.release()
    await _wait_until_settled(app.url, mailbox, task_ids)
    delivered = [task_id for task_id in mailbox.delivered() if task_id in task_ids]
    arrived = len(set(delivered))
    return Aftermath(Count(arrived, emails), len(delivered) - arrived)


async def _accept(url: str, emails: int) -> set[str]:
    async with connect(url) as client:
        jobs = await send_all(client, email_posts(url, emails, "In flight:"))
    task_ids = {job.task_id for job in jobs if job.task_id}
    if len(task_ids) < emails:
        refused = next(job.refusal for job in jobs if job.refusal)
        raise LabError(f"cannot put {emails} e-mails in flight: one was refused, {refused}")
    return task_ids


async def _wait_until_settled(url: str, mailbox: Mailbox, task_ids: set[str]) -> None:
    """Wait until the API knows of no e-mail that may still be sent, and none is being sent.

    The same rule for every approach, whatever it promises: each id is final or unknown.
    """
    deadline = time.monotonic() + DEADLINE_S
    async with connect(url) as client:
        for task_id in task_ids:
            await wait_until_final(client, task_id, deadline)
    wait_for("a quiet mailbox", lambda: mailbox.open_sessions() == 0)
