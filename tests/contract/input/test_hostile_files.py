"""Two hundred hostile files: each is refused, or its job ends; nothing else is harmed."""

from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from scenarios.status import TaskStatus
from tests.support.running import Running
from tests.support.waiting import wait_until

from .hostile import COUNT, Hostile, make_hostile_files

FORM = {"/images": {"operations": "thumbnail", "width": "32"}, "/reports": {"title": "Orders"}}


def send(running: Running, hostile: Hostile) -> tuple[int, str]:
    """Post it until there is room; return the status and the task id or the refusal."""

    def post() -> tuple[int, str]:
        files = {"file": ("../../evil.sh", hostile.content, "image/png")}
        answer = running.api.http.post(hostile.path, data=FORM[hostile.path], files=files)
        return answer.status_code, answer.json().get("task_id", answer.text)

    return wait_until(f"{hostile.name!r} is answered", post, lambda answer: answer[0] != 503)


def list_outside(running: Running) -> set[Path]:
    """Return what lies beside the folder of the app."""
    return {path for path in running.data_dir.parent.iterdir() if path.is_dir()}


def assert_harmless(running: Running, task: TaskStatus) -> None:
    """Hold that a picture that was made is one, and that a failure tells no path."""
    if task.status != "succeeded":
        assert task.error
        assert "Traceback" not in task.error
        assert str(running.data_dir) not in task.error
    elif task.kind == "image":
        download = running.api.read_result(task.task_id)
        assert download.headers["content-type"].startswith("image/")
        assert Image.open(BytesIO(download.content)).width == 32
        assert b"<script>" not in download.content


@pytest.mark.long
@pytest.mark.timeout(240)
def test_hostile_files_are_refused_or_end_and_harm_nothing(running: Running) -> None:
    before, outside = set(running.uploads()), list_outside(running)
    files = make_hostile_files()

    answers = [(hostile, *send(running, hostile)) for hostile in files]
    taken = [(hostile, found) for hostile, status, found in answers if status == 202]
    ended = [running.api.wait_until_final(task_id, 60) for _, task_id in taken]

    codes = Counter(status for _, status, _ in answers)
    assert len(files) == COUNT
    assert set(codes) == {202, 422}, codes
    assert min(codes.values()) >= 20, codes
    for (hostile, _), task in zip(taken, ended, strict=True):
        assert task.status in ("succeeded", "failed"), (hostile.name, task)
        assert_harmless(running, task)
    assert list_outside(running) == outside
    assert set(running.uploads()) == before
    running.send_another_email()
