"""Requests a second to `POST /emails` of one app, with a no-op job and without any job.

03 is also compared with plain routes that call `.delay()`. Each app is a uvicorn process, and they
are asked in turn; the load comes from a process of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx

from bench.program import run_program
from lab.approaches import ROOT, find_approach
from lab.processes.commands import Command
from lab.processes.group import Processes, wait_ready
from lab.processes.part import Part
from lab.processes.ports import HOST
from lab.processes.ready import answers_http

UVICORN = ["-m", "uvicorn", "--host", HOST, "--no-access-log"]
ENOUGH = {"QUEUE_SIZE": "1000000", "MAX_RUNNING": "1000000"}  # nothing is refused
PARTS: dict[str, dict[str, str]] = {"job": {}, "bare": {"BENCH_BARE": "1"}}
PLAIN = ("def", "async")  # routes of `delay_app.py`


def launch(processes: Processes, name: str, part: str) -> Part:
    """Start the app of an approach, or the plain one; returns at once."""
    approach = find_approach(name)
    data_dir = processes.data_dir / part
    own = {key: value.format(data_dir=data_dir) for key, value in approach.env.items()}
    port = processes.claim(part, approach.port + 100, next_from=approach.port + 101)
    module = "accept_app" if part in PARTS else "delay_app"
    words = [sys.executable, *UVICORN, f"bench.apps.{module}:app", "--port", str(port)]
    env = {**os.environ, **own, **ENOUGH, **PARTS.get(part, {}), "DATA_DIR": str(data_dir)}
    path = "" if part in PARTS else f"/{part}"
    ready = "/healthz" if part in PARTS else "/openapi.json"
    command = Command(words, f"http://{HOST}:{port}{path}", answers_http(port, ready))
    env["BENCH_FOLDER"] = approach.folder
    return processes.launch(part, command, env=env, cwd=ROOT)


def check(app: Part) -> None:
    """Raise RuntimeError if a job failed: how fast jobs fail would be measured instead."""
    counts = httpx.get(f"{app.url}/metrics/queue").raise_for_status().json()
    if counts["failed"]:
        raise RuntimeError(f"jobs that do nothing failed: {counts}")


def measure(count: int, folder: Path, name: str) -> dict[str, float]:
    """Return requests a second."""
    parts = [*PARTS, *(PLAIN if name == "03_celery" else ())]
    with Processes(folder / "apps", say=lambda line: None, grace_s=2) as processes:
        apps = [launch(processes, name, part) for part in parts]
        wait_ready(apps)
        command = [sys.executable, "-m", "bench.apps.load", str(count)]
        command += [f"{app.url}/emails" for app in apps]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
        check(apps[0])
    return dict(zip(parts, json.loads(done.stdout), strict=True))


if __name__ == "__main__":
    run_program(measure)
