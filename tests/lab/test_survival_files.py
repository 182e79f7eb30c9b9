"""What `lab survival` prints and writes, seen from outside."""

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lab.machine import describe_machine
from lab.results import to_json
from lab.survival.cell import Cell
from lab.survival.files import Survival, make_page
from lab.survival.matrix import make_svg
from tests.support.programs import run_program

FAULT = ["--only", "04_custom_queue", "--fault", "job_raises", "--fault", "kill9_worker"]
CELLS = [
    Cell("kill9_api", "01_background_tasks", accepted=8, started=8, lost=8),
    Cell("kill9_api", "03_celery", accepted=8, started=8, finished=8, recovered_s=0.1),
    Cell("kill9_worker", "01_background_tasks", why_not="there is no worker"),
    Cell("kill9_worker", "03_celery", accepted=8, started=8, finished=8, run_twice=2),
]


def run_survival(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run_program(["lab", "survival", "--out", str(out), *options])


def test_run_counts_writes_and_ends_with_0(tmp_path: Path) -> None:
    done = run_survival(tmp_path, *FAULT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every outcome, kept or lost, is as approaches.toml says." in done.stdout
    cells = json.loads((tmp_path / "survival.json").read_text())["cells"]
    raised, killed = cells
    assert (raised["accepted"], raised["finished"], raised["failed"]) == (8, 7, 1)
    assert raised["worst_healthz_ms"] > 0
    assert killed["why_not"] == "there is no worker process: the jobs run in the API"
    assert "| 1 of 8 jobs raises | failed 1 |" in (tmp_path / "survival.md").read_text()
    ET.fromstring((tmp_path / "survival.svg").read_text())


def test_run_ends_with_1_when_another_outcome_was_promised(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    here = Path(__file__).parents[2]
    (root / "04_custom_queue").symlink_to(here / "04_custom_queue")
    promises = (here / "approaches.toml").read_text()
    (root / "approaches.toml").write_text(
        promises.replace('job_raises = "failed 1"', 'job_raises = "kept"')
    )

    done = run_survival(tmp_path, *FAULT, "--root", str(root))

    assert done.returncode == 1, done.stdout + done.stderr
    assert "04_custom_queue, job_raises: promised 'kept', seen 'failed 1'" in done.stdout


@pytest.mark.slow
def test_random_kills_lose_nothing(tmp_path: Path) -> None:
    done = run_survival(tmp_path, "--long", "--kills", "3", "--only", "04_custom_queue+sqlite")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "04_custom_queue+sqlite: 3 kills" in done.stdout
    assert " 0 lost" in done.stdout
    [kills] = json.loads((tmp_path / "kills.json").read_text())["approaches"]
    assert kills["cell"]["accepted"] == kills["cell"]["finished"] > 0


def test_json_has_a_line_for_each_cell_and_is_read_back_as_it_was() -> None:
    survival = Survival(
        machine=describe_machine([]), conditions="", cells=CELLS, differences=["another “word”"]
    )

    text = to_json(survival.model_dump(exclude_defaults=True))

    assert Survival.model_validate_json(text) == survival
    assert len(text.splitlines()) == len(CELLS) + 9
    assert "null" not in text


def test_page_has_the_matrix_the_reasons_and_every_figure() -> None:
    machine = describe_machine([])

    page = make_page(Survival(machine=machine, conditions="", cells=CELLS, differences=[]))

    assert "| `kill -9` of the API | lost 8 | kept |" in page
    assert "Not tried on 01_background_tasks: there is no worker." in page
    assert page.count("### ") == 2
    assert "| 03_celery | 8 | 0 | 8 | 8 | 0 | 0 | 0 | 0 | 2 | 0 |" in page


def test_picture_has_a_box_for_each_cell() -> None:
    picture = ET.fromstring(make_svg(CELLS, describe_machine([])))

    boxes = picture.findall("{http://www.w3.org/2000/svg}rect")
    assert len(boxes) == len(CELLS)
    assert {box.get("fill") for box in boxes} == {"#c62828", "#2e7d32", "#9e9e9e"}
