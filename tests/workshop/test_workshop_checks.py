"""Each exercise holds: its starter and every almost-right fix fail with their sentence; its
solution passes, once or WORKSHOP_REPEAT times, and so does every other right one.
"""

import os
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from lab.processes import part
from lab.processes.group import Processes
from lab.processes.part import Process
from workshop.checking import check, checking_room
from workshop.course import Exercise, load_course
from workshop.kit import Kit
from workshop.verdict import Missed

from .answers import PASSED, load_answers

COURSE = load_course()
REPEAT = int(os.environ.get("WORKSHOP_REPEAT", "1"))
SIDE_BY_SIDE = 4
# All of them take minutes, so each run tries one wrong and one right by chance; `make slow` all.
ALL = os.environ.get("WORKSHOP_ANSWERS") == "all"
START_S = 60.0  # a busy machine may take that long to start an app
by_exercise = pytest.mark.parametrize("exercise", COURSE, ids=lambda each: each.folder.name)
# What learners do by mistake, and what they read.
ACCIDENTS = {
    "syntax": (
        "from fastapi import FastAPI\napp = FastAPI(\n",
        "SyntaxError: … (line 2 of app.py)",
    ),
    "name": ("app = FastAPI()\n", "NameError: name 'FastAPI' is not defined (line 1 of app.py)"),
    "empty": ("", 'Error loading ASGI app. Attribute "app" not found in module "app".'),
    "exit": ("raise SystemExit(3)\n", "it ended with code 3: …"),
    "endless": ("while True:\n    pass\n", "no answer on its port in 1 s"),
    "own port": (
        "import socket\n"
        "first, second = socket.socket(), socket.socket()\n"
        "first.bind(('127.0.0.1', 0))\n"
        "second.bind(first.getsockname())\n",
        "OSError: … Address already in use (line 4 of app.py)",
    ),
    "no route": ("from fastapi import FastAPI\napp = FastAPI()\n", "404"),
    "exit in a route": (
        "import os\nfrom fastapi import FastAPI\napp = FastAPI()\n"
        "@app.post('/emails')\ndef create() -> None:\n    os._exit(3)\n",
        "it ended with code 3: …",
    ),
    "endless route": (
        "from fastapi import FastAPI\napp = FastAPI()\n"
        "@app.post('/emails')\nasync def create() -> None:\n    while True:\n        pass\n",
        "none",
    ),
    "error in a route": (
        "from fastapi import FastAPI\napp = FastAPI()\n"
        "@app.post('/emails')\ndef create() -> None:\n    1 / 0\n",
        "500, ZeroDivisionError: division by zero (line 5 of app.py)",
    ),
}


@pytest.fixture(scope="module")
def room() -> Iterator[Processes]:
    with checking_room() as room:
        yield room


def is_like(said: str, wanted: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in wanted.split("…"))
    return re.fullmatch(pattern, said, flags=re.DOTALL) is not None


def find_processes_in(folder: Path) -> list[str]:
    """Return the processes whose working directory is this one."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


@pytest.mark.timeout(300 * REPEAT)
@by_exercise
def test_right_apps_pass_and_each_wrong_one_gets_its_sentence(
    exercise: Exercise, room: Processes, tmp_path: Path
) -> None:
    starter, answers = load_answers(exercise)
    if not ALL:
        right = [answer for answer in answers if answer.sentence == PASSED]
        wrong = [answer for answer in answers if answer.sentence != PASSED]
        answers = [random.choice(wrong), random.choice(right)]
    wanted = {"starter": starter} | {answer.name: answer.sentence for answer in answers}
    sources = {"starter": exercise.starter.read_text(encoding="utf-8")}
    sources |= {answer.name: answer.source(exercise) for answer in answers}
    solution = exercise.solution.read_text(encoding="utf-8")
    runs = [*sources.items(), *[(f"solution {n}", solution) for n in range(REPEAT)]]

    def ask(run: tuple[str, str]) -> str:
        app = tmp_path / run[0] / "app.py"
        app.parent.mkdir()
        app.write_text(run[1], encoding="utf-8")
        return str(check(exercise, room, app, start_s=START_S))

    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        said = dict(zip([name for name, _ in runs], threads.map(ask, runs), strict=True))

    for name, sentence in said.items():
        assert is_like(sentence, wanted.get(name, PASSED)), f"{name}: {sentence}"


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_accident_is_told_in_a_sentence_and_leaves_no_process(
    accident: str, room: Processes, tmp_path: Path
) -> None:
    source, wanted = ACCIDENTS[accident]
    file = tmp_path / "app.py"
    file.write_text(source)
    start_s = 1 if accident == "endless" else START_S

    verdict = check(COURSE[0], room, file, start_s=start_s)

    assert not verdict.passed
    assert is_like(verdict.seen, f"…{wanted}"), verdict
    assert find_processes_in(tmp_path) == []


def test_app_that_is_gone_is_told_how_to_get_it_back(room: Processes, tmp_path: Path) -> None:
    verdict = check(COURSE[0], room, tmp_path / "app.py")

    assert str(verdict) == "expected a file app.py; seen: none; `workshop reset` brings it back"


def test_log_tells_what_the_worker_printed(
    room: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say_its_module(command: Sequence[str], **options: Any) -> Process:
        return subprocess.Popen(["echo", command[2]], **options)

    monkeypatch.setattr(part, "start_process", say_its_module)
    with Kit(COURSE[0].starter, room, tmp_path, start_s=START_S) as kit:
        with pytest.raises(Missed):
            kit.start()
        kit.launch_worker().wait_exit()

        assert kit.log_text() == "--- app ---\nuvicorn\n--- worker ---\ncelery\n"


def test_child_with_a_session_of_its_own_is_ended_too(room: Processes, tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(
        "import subprocess\nfrom fastapi import FastAPI\n"
        "subprocess.Popen(['sleep', '600'], start_new_session=True)\napp = FastAPI()\n"
    )

    verdict = check(COURSE[0], room, file, start_s=START_S)

    assert not verdict.passed
    assert find_processes_in(tmp_path) == []
