"""Each exercise holds: its starter and every almost-right fix fail with their sentence, its
solution passes, once or WORKSHOP_REPEAT times.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from lab.processes.group import Processes
from workshop.checking import check, checking_room
from workshop.course import Exercise, load_course

COURSE = load_course()
REPEAT = int(os.environ.get("WORKSHOP_REPEAT", "1"))
SIDE_BY_SIDE = 6
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


def load_sentences(exercise: Exercise) -> dict[str, str]:
    """Return what each wrong app of an exercise is told; … stands for anything."""
    path = exercise.folder / "check_data" / "sentences.toml"
    sentences: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))
    return sentences


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
def test_solution_passes_and_each_wrong_app_gets_its_sentence(
    exercise: Exercise, room: Processes
) -> None:
    sentences = load_sentences(exercise)
    wrong = [exercise.folder / "check_data" / f"{name}.py" for name in sentences]

    def ask(app: Path) -> str:
        return str(check(exercise, room, app, start_s=START_S))

    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        said = list(threads.map(ask, [*wrong, *[exercise.solution] * REPEAT]))

    assert "starter" in sentences
    for name, wanted, sentence in zip(sentences, sentences.values(), said, strict=False):
        assert is_like(sentence, wanted), f"{name}: {sentence}"
    assert said[len(wrong) :] == ["passed"] * REPEAT


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
