"""A process that was stopped for longer than its lease asks before an effect, and leaves it out."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.contract import Status
from scenarios.status import JobStopped, RanIn, ReportProgress

from .custom_queue.processes import JobProcess
from .queue_unit import Jobs, Short, ended, known, new_task, opened, until

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
# The job waits for the file `go`, asks whether the task is still its own, and has its effect.
STOPPED = r"""
import asyncio, sys, time
from pathlib import Path
from tests.queue.queue_unit import Jobs, Short, new_task, opened

folder = Path(sys.argv[1])

def wait_and_write(task_id, report_progress):
    print(task_id, flush=True)
    while not (folder / "go").exists():
        time.sleep(0.01)
    report_progress(50)
    with (folder / "effects").open("a") as effects:
        effects.write("stopped\n")

async def wait_and_write_on_the_loop(task_id, report_progress):
    print(task_id, flush=True)
    while not (folder / "go").exists():
        await asyncio.sleep(0.01)
    report_progress(50)
    with (folder / "effects").open("a") as effects:
        effects.write("stopped\n")

async def main():
    jobs = Jobs()
    jobs.work = {"thread": wait_and_write, "loop": wait_and_write_on_the_loop,
                 "process": wait_and_write}
    async with opened(jobs, folder / "queue.sqlite", Short(lease_s=0.5, workers=1),
                      in_process=sys.argv[2] == "process") as queue:
        await queue.put(new_task(sys.argv[2]))
        while not (folder / "end").exists():
            await asyncio.sleep(0.01)

if __name__ == "__main__":
    asyncio.run(main())
"""


def start(command: list[str], env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True)


@pytest.mark.parametrize("kind", ["loop", "thread", "process"])
async def test_stopped_process_has_no_effect_after_its_lease(tmp_path: Path, kind: str) -> None:
    script = tmp_path / "stopped.py"
    script.write_text(STOPPED)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    jobs = Jobs()

    async def write(task_id: str, report_progress: object) -> None:
        with (tmp_path / "effects").open("a") as effects:
            effects.write("other\n")

    jobs.work |= {"loop": write, "thread": write, "process": write}
    with start([sys.executable, str(script), str(tmp_path), kind], env) as app:
        try:
            assert app.stdout
            task = new_task(kind, task_id=(await asyncio.to_thread(app.stdout.readline)).strip())
            async with opened(jobs, tmp_path / "queue.sqlite", Short(lease_s=0.5)) as queue:
                app.send_signal(signal.SIGSTOP)
                (found,) = await ended(queue, task)
                (tmp_path / "go").touch()
                app.send_signal(signal.SIGCONT)
                await asyncio.sleep(1)
                (after,) = await ended(queue, task)
        finally:
            app.send_signal(signal.SIGCONT)
            (tmp_path / "end").touch()
            app.wait(20)

    assert (tmp_path / "effects").read_text() == "other\n"
    assert (found.status, found.attempts) == (Status.SUCCEEDED, 2)
    assert (after.status, after.finished_at) == (found.status, found.finished_at)


def report_and_write(folder: str, report_progress: ReportProgress) -> None:
    report_progress(50)
    (Path(folder) / "effects").touch()


def test_job_in_a_process_stops_before_its_effect(tmp_path: Path) -> None:
    def refuse(percent: int, ran_in: RanIn) -> None:
        raise JobStopped("another process has taken the task over")

    process = JobProcess()
    process.start()
    outcome, error = process.run(report_and_write, {"folder": str(tmp_path)}, refuse)
    process.kill()

    assert (outcome, type(error)) == ("error", JobStopped)
    assert not list(tmp_path.iterdir())


async def test_tasks_of_a_killed_process_move_on_when_its_lease_ends(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(STOPPED)
    jobs = Jobs()
    jobs.work["loop"] = jobs.quick
    command = [sys.executable, str(script), str(tmp_path), "loop"]
    with start(command, {**os.environ, "PYTHONPATH": str(ROOT)}) as app:
        assert app.stdout
        task = new_task("loop", task_id=(await asyncio.to_thread(app.stdout.readline)).strip())
        async with opened(jobs, tmp_path / "queue.sqlite", Short(lease_s=0.5)) as queue:
            both = (await queue.metrics()).workers
            app.kill()
            too_early = list(jobs.began)
            (found,) = await ended(queue, task)
            alone = (await queue.metrics()).workers

    assert too_early == []
    assert (found.status, found.attempts) == (Status.SUCCEEDED, 2)
    assert (both, alone) == (3, 2)


async def test_task_is_still_ours_while_the_lease_is_renewed(tmp_path: Path) -> None:
    jobs = Jobs()
    async with opened(jobs, tmp_path / "queue.sqlite", Short(lease_s=0.4)) as queue:
        task = await queue.put(new_task("thread"))
        await until("it runs", lambda: jobs.began)
        await asyncio.sleep(1.2)  # it reports every 10 ms, and each report asks
        seen = await known(queue, task)
        jobs.gate.set()
        (found,) = await ended(queue, task)

    assert (seen.status, seen.attempts) == (Status.RUNNING, 1)
    assert (found.status, found.attempts) == (Status.SUCCEEDED, 1)


async def test_queue_that_comes_over_a_link_is_not_alone(tmp_path: Path) -> None:
    path, link = tmp_path / "queue.sqlite", tmp_path / "links" / "queue.sqlite"
    link.parent.mkdir()
    link.symlink_to(path)
    jobs, other = Jobs(), Jobs()
    async with opened(jobs, path) as queue:
        task = await queue.put(new_task("held"))
        await until("it runs", lambda: jobs.began)
        async with opened(other, link) as second:
            await ended(second, await second.put(new_task("quick")))
            seen = await known(queue, task)
        jobs.gate.set()
        (found,) = await ended(queue, task)

    assert task.task_id not in other.began
    assert (seen.status, seen.attempts, found.attempts) == (Status.RUNNING, 1, 1)
