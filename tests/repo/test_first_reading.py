"""The queue in memory needs nothing of the queue in a file."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
START = """
import importlib, sys
main = importlib.import_module("04_custom_queue.main")
from fastapi.testclient import TestClient
with TestClient(main.app) as client:
    print(client.get("/metrics/queue").json()["workers"])
print(*[name for name in sys.modules if name.startswith("04_custom_queue.durable")])
"""


def test_queue_in_memory_loads_nothing_of_the_durable_one(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path)}
    env.pop("QUEUE_DB", None)

    command = [sys.executable, "-c", START]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["4", ""]


def test_first_reading_needs_only_what_runs_jobs_elsewhere() -> None:
    source = (ROOT / "04_custom_queue" / "job_queue.py").read_text(encoding="utf-8")

    own = [line for line in source.splitlines() if line.startswith("from .")]
    assert own == ["from .processes import ProcessPool", "from .threads import JobThreads"]
    assert len(source.splitlines()) <= 320
