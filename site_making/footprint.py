"""The processes and the memory that each approach needs while it waits and while it works.

`python -m site_making.footprint` starts each with the processes that it needs in production, gives
it the same jobs, and writes `docs/results/footprint.json`. The mail server of the lab is not
counted.
"""

import asyncio
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from pydantic import BaseModel

from lab.approaches import ROOT, load_approaches
from lab.load.plan import Plan
from lab.load.run_jobs import connect, wait_until_final
from lab.load.workload import Workload, send_all
from lab.machine import Machine, describe_machine
from lab.processes.part import Part
from lab.processes.stack import Stack
from lab.results import to_json

RESULT = Path("docs/results/footprint.json")
COMMAND = "python -m site_making.footprint"
PLAN = Plan(emails=20, reports=2, pictures=4)
SETTLE_S, LOOK_S, DEADLINE_S = 3.0, 0.1, 180.0
MIB = 1024 * 1024


@dataclass(frozen=True)
class Footprint:
    """Processes and memory of one approach, part by part; memory that is shared counts once."""

    approach: str
    title: str
    processes: dict[str, int]
    idle_mib: dict[str, float]
    most_mib: float


class Footprints(BaseModel):
    """The content of `footprint.json`."""

    machine: Machine
    plan: Plan
    approaches: list[Footprint]


def measure(name: str, title: str, workload: Workload) -> Footprint:
    """Start one approach, look at it while it waits, and again while it works."""
    with tempfile.TemporaryDirectory() as folder, Stack(folder) as stack:
        url = stack.start(name).url
        parts = {part: each for part, each in stack.parts.items() if part != "mailbox"}
        time.sleep(SETTLE_S)
        pids = {_name(part): [each.pid, *each.children()] for part, each in parts.items()}
        idle = {name: sum(map(_mib, found)) for name, found in pids.items()}
        with _watch(parts.values()) as most:
            asyncio.run(_work(url, workload))
        processes = {name: len(found) for name, found in pids.items()}
        return Footprint(name, title, processes, idle, max(most))


def _name(part: str) -> str:
    return "API" if part[0].isdigit() else part


def _mib(pid: int) -> float:
    """Return the memory of a process, with its part of what it shares with others."""
    with suppress(psutil.NoSuchProcess):
        found = psutil.Process(pid).memory_full_info()
        return float(getattr(found, "pss", found.uss)) / MIB
    return 0.0


@contextmanager
def _watch(parts: Collection[Part]) -> Iterator[list[float]]:
    """Look again and again at how much memory these parts and their children have."""
    seen: list[float] = [0.0]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_S):
            seen.append(sum(_mib(pid) for part in parts for pid in (part.pid, *part.children())))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


async def _work(url: str, workload: Workload) -> None:
    async with connect(url) as client:
        jobs = await send_all(client, workload.posts(url))
        deadline = time.monotonic() + DEADLINE_S
        for job in jobs:
            assert job.task_id, job.refusal
            await wait_until_final(client, job.task_id, deadline)


def make_footprint(root: Path) -> str:
    """Return the published measurement as a Markdown table."""
    found = Footprints.model_validate_json((root / RESULT).read_bytes())
    lines = [
        "| Approach | Processes | MiB while it waits | most MiB while it works |",
        "|---|---|---|---:|",
    ]
    for each in found.approaches:
        counts, memory = each.processes, each.idle_mib
        lines.append(
            f"| {each.title} | {_sum_up(counts, sum(counts.values()))} |"
            f" {_sum_up(memory, sum(memory.values()))} | {each.most_mib:.0f} |"
        )
    return "\n".join([*lines, "", f"{found.plan}.", f"{found.machine}.", ""])


def _sum_up(parts: Mapping[str, float], total: float) -> str:
    if len(parts) == 1:
        return f"{total:.0f}"
    return f"{total:.0f} ({', '.join(f'{part} {value:.0f}' for part, value in parts.items())})"


def main() -> None:
    """Measure all, and publish."""
    workload = Workload(PLAN)
    measured = [measure(each.name, each.title, workload) for each in load_approaches().values()]
    machine = replace(describe_machine([]), command=COMMAND)
    content = Footprints(machine=machine, plan=PLAN, approaches=measured).model_dump()
    (ROOT / RESULT).write_text(to_json(content), encoding="utf-8")


if __name__ == "__main__":
    main()
