"""Each app also starts as a program of its own, not only as a fork that knows the libraries."""

import subprocess
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from lab.processes import part
from lab.processes.stack import Stack
from tests.support.client import ORDERS_HEADER, Api, accepted_id
from tests.support.running import APPROACHES, IN_MEMORY

ORDERS = ORDERS_HEADER + b"2026-11-01,North,Lamp,2,10.00\n"


@pytest.mark.parametrize("name", sorted(APPROACHES.keys() - {IN_MEMORY}))
def test_app_that_imports_its_libraries_itself_does_its_job(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (32, 32)).save(picture := BytesIO(), "PNG")
    monkeypatch.setattr(part, "start_process", subprocess.Popen)

    with Stack(tmp_path) as stack, closing(Api(stack.start(name).url)) as api:
        posts = [api.post_email(), api.post_report(ORDERS), api.post_image(picture.getvalue())]
        task_ids = [accepted_id(answer) for answer in posts]
        ended = [api.wait_until_final(task_id) for task_id in task_ids]

    assert [task.status for task in ended] == ["succeeded"] * 3, [task.error for task in ended]
