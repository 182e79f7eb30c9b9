"""A ladder of two small steps, for the tests of what runs and plays them."""

from pathlib import Path

import pytest

from lab.steps.ladder import Step

PROGRAM = '''
"""How do I answer first?"""

import os

from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


@app.get("/pid")
async def read_pid(background: BackgroundTasks) -> dict[str, int]:
    background.add_task(print, f"asked in process {os.getpid()}")
    return {"pid": os.getpid()}
'''
TRANSCRIPT = """
$ fastapi run 01_background_tasks/steps/s1_answer_first.py
...
api | INFO:     Started server process [4711]
...

# Who answers?
$ curl -sS http://127.0.0.1:8000/pid
{"pid":4711}
...
api | asked in process 4711

$ kill -9 4711
api | Killed

# Another process.
$ fastapi run 01_background_tasks/steps/s1_answer_first.py
...
api | INFO:     Started server process [4712]
...

$ curl -sS http://127.0.0.1:8000/pid
{"pid":4712}
...
api | asked in process 4712
"""


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """Write a step and its transcript, and nothing else of a repository."""
    path = tmp_path / "01_background_tasks" / "steps" / "s1_answer_first.py"
    path.parent.mkdir(parents=True)
    path.write_text(PROGRAM.lstrip())
    path.with_suffix(".txt").write_text(TRANSCRIPT.lstrip())
    return Step(path)


def change(path: Path, old: str, new: str) -> None:
    """Exchange a piece of a file that must be there."""
    text = path.read_text()
    assert old in text, f"{path} holds no {old!r}"
    path.write_text(text.replace(old, new))
