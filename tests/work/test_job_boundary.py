"""A job of 01 or 02 may raise anything: its task ends, and nothing beside it does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.approaches import ROOT

# In a process of its own, because `sys.exit` in a job once ended the process.
PROGRAM = """
import asyncio, importlib, json, sys
from scenarios.contract import Kind, new_task_id
from scenarios.files import make_folders

class Panic(BaseException): "What libraries in Rust raise is no `Exception`."

async def run(main, kind, error):
    async def send(task_id, **_): raise error
    def make(task_id, **_): raise error
    main.WORK[kind] = send if kind is Kind.EMAIL else make
    task = main.tasks.accept(new_task_id(), kind)
    in_thread = kind is Kind.REPORT and sys.argv[1].startswith("01")
    await (asyncio.to_thread(main.run_in_thread, task, {}) if in_thread else main.run(task, {}))
    return [task.status, error.__name__ in task.error]

async def run_all():
    main = importlib.import_module(sys.argv[1] + ".main")
    make_folders()
    errors = Panic, SystemExit, StopIteration
    return [await run(main, kind, error) for kind in (Kind.EMAIL, Kind.REPORT) for error in errors]

print(json.dumps(asyncio.run(run_all())))
"""


@pytest.mark.parametrize("folder", ["01_background_tasks", "02_asyncio_create_task"])
def test_whatever_a_job_raises_its_task_ends(folder: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder],
        check=False,
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [["failed", True]] * 6
