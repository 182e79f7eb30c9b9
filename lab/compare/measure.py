"""Measures the approaches one after another, each alone with its services on the machine."""

import asyncio
import shutil
from collections.abc import Sequence

from lab.approaches import Approach
from lab.load.plan import Plan
from lab.load.run_jobs import Run, run_jobs
from lab.load.verify import count_once
from lab.load.watch import Watch
from lab.load.workload import Workload
from lab.mailbox.client import Mailbox
from lab.processes.stack import SERVICES, Stack

from .figures import Count, Figures, percentiles
from .folder_size import count_code_lines
from .kill_api import Aftermath, kill_and_count

HURRY_S = 1.0  # for the end after an interrupt: nothing is counted then, so no job need end


def measure_all(
    stack: Stack, approaches: Sequence[Approach], workload: Workload, watch: Watch
) -> list[Figures]:
    """Return the figures of each approach, in the given order."""
    _forget_earlier_runs(stack)
    # Started here and not when it is needed: e-mails are counted at this server, also if SMTP_URL
    # names another one.
    with Mailbox(stack.start_mailbox().url) as mailbox:
        try:
            return [_measure(stack, mailbox, approach, workload, watch) for approach in approaches]
        except BaseException:
            stack.grace_s = HURRY_S
            raise


def _measure(
    stack: Stack, mailbox: Mailbox, approach: Approach, workload: Workload, watch: Watch
) -> Figures:
    plan = workload.plan
    watch.begin(approach.name, plan.jobs)
    watch.say("starting")
    app = stack.start(approach.name)
    watch.say("running the jobs")
    run = asyncio.run(run_jobs(app.url, workload, watch))
    watch.say("killing the API")
    aftermath = asyncio.run(kill_and_count(app, mailbox, plan.kill_emails))
    watch.say("stopping")
    _stop_all_but_the_mailbox(stack)
    watch.end()
    folder = stack.root / approach.folder
    code_lines = sum(count_code_lines(folder / room) for room in (".", *approach.rooms))
    return _make_figures(approach, plan, run, aftermath, mailbox.delivered(), code_lines)


def _make_figures(
    approach: Approach,
    plan: Plan,
    run: Run,
    aftermath: Aftermath,
    delivered: Sequence[str],
    code_lines: int,
) -> Figures:
    emails, faults = count_once(run.ids("email"), delivered)
    accepted = [job for job in run.jobs if job.task_id]
    kinds = {job.post.kind for job in accepted}
    return Figures(
        approach=approach.name,
        title=approach.title,
        accepted=Count(len(accepted), plan.jobs),
        emails=Count(emails, plan.emails),
        reports=Count(run.right["report"], plan.reports),
        pictures=Count(run.right["image"], plan.pictures),
        pictures_outside_api=Count(run.pictures_outside_api, plan.pictures),
        accept=percentiles([job.accept_ms for job in accepted]),
        accept_by_kind={
            kind: percentiles([job.accept_ms for job in accepted if job.post.kind == kind])
            for kind in sorted(kinds)
        },
        last_job_ended_s=run.ended_s,
        worst_healthz_ms=run.beats.worst_ms,
        healthz_answers=run.beats.answers,
        healthz_failures=run.beats.failures,
        arrived_after_kill=aftermath.arrived,
        second_copies_after_kill=aftermath.second_copies,
        code_lines=code_lines,
        faults=run.faults + faults,
    )


def _forget_earlier_runs(stack: Stack) -> None:
    """Remove old queues and ledgers, which would be counted again."""
    for path in stack.data_dir.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    (stack.data_dir / "logs").mkdir()


def _stop_all_but_the_mailbox(stack: Stack) -> None:
    # The services last: a worker needs Valkey for an orderly end.
    stack.stop(*stack.parts.keys() - SERVICES)
    stack.stop(*stack.parts.keys() & SERVICES - {"mailbox"})
