"""The processes of 04: signals that reach all of them, and what happens around their start."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scenarios.contract import JSONDict, Status
from scenarios.status import ReportProgress

from .queue_unit import Jobs, Short, ended, new_task, opened, until

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


def report_and_nap(task_id: str, report_progress: ReportProgress) -> JSONDict:
    report_progress(10)
    time.sleep(0.6)
    return {"pid": os.getpid()}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signal_for_all_processes_of_the_app_ends_no_job(
    jobs: Jobs, number: signal.Signals
) -> None:
    jobs.work["nap"] = report_and_nap
    async with opened(jobs, None, in_process=True) as queue:
        task = await queue.put(new_task("nap"))
        await until("it runs", lambda: task.ran_in)
        assert task.ran_in
        os.kill(task.ran_in.pid, number)  # as Ctrl-C in a terminal does, or a stop by systemd
        await queue.close(10)

    assert (task.status, task.attempts) == (Status.SUCCEEDED, 1)


@pytest.mark.parametrize("pause_s", [0, 0.004])
async def test_cancel_while_the_next_process_starts_leaves_no_second_one(
    jobs: Jobs, pause_s: float
) -> None:
    others = {child.pid for child in multiprocessing.active_children()}
    async with opened(jobs, None, Short(workers=3), in_process=True) as queue:
        first = await queue.put(new_task("process"))
        await until("it runs", lambda: first.ran_in)
        await queue.cancel(first)
        second = await queue.put(new_task("nap"))
        await asyncio.sleep(pause_s)
        await queue.cancel(second)
        tasks = await ended(queue, *[await queue.put(new_task("pid")) for _ in range(3)])

        alive = {child.pid for child in multiprocessing.active_children()} - others

    assert [(task.status, task.attempts) for task in tasks] == [(Status.SUCCEEDED, 1)] * 3
    assert {task.result["pid"] for task in tasks} == alive


# Its processes import the program anew before they are ready, and this one keeps them from it.
NEVER_READY = """
import sys, time
from tests.queue.custom_queue.processes import JobProcess, ProcessDied

if __name__ == "__mp_main__":
    if sys.argv[1] == "hangs":
        time.sleep(60)
    sys.exit(3)
if __name__ == "__main__":
    process = JobProcess(longest_start_s=float(sys.argv[2]))
    try:
        process.start()
        process.run(print, {}, print)
    except ProcessDied as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("what", "longest_start_s", "sentence"),
    [
        ("hangs", "0.5", "its process could not begin within 0.5 s"),
        ("ends", "30", "its process ended with exit code 3"),
    ],
)
def test_process_that_never_becomes_ready_is_given_up(
    tmp_path: Path, what: str, longest_start_s: str, sentence: str
) -> None:
    script = tmp_path / "never_ready.py"
    script.write_text(NEVER_READY)

    done = subprocess.run(
        [sys.executable, script, what, longest_start_s],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )

    assert done.stdout.strip() == sentence, done.stderr
