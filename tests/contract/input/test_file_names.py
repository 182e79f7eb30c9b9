"""What a client calls its file is ignored: names on disk are made from the task id."""

import pytest

from lab.load.samples import make_orders
from scenarios.contract import Status
from tests.support.client import accepted_id
from tests.support.running import Running

ORDERS = make_orders(5).csv
PART = b"--cut\r\nContent-Disposition: form-data; name="
TITLE = PART + b'"title"\r\n\r\nT\r\n'
FILE = PART + b'"file"; filename="%b"\r\n\r\n%b\r\n--cut--\r\n'


@pytest.mark.parametrize(
    "filename",
    [
        pytest.param(b"../../escaped.csv", id="path upwards"),
        pytest.param(b"/tmp/escaped.csv", id="absolute path"),
        pytest.param(b"a\0b.csv", id="NUL"),
        pytest.param(b"x" * 4000, id="4000 characters"),
        pytest.param("ü🚲".encode(), id="any script"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"", id="empty"),
    ],
)
def test_file_name_is_ignored(running: Running, filename: bytes) -> None:
    body = TITLE + FILE % (filename, ORDERS)
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}

    answer = running.api.http.post("/reports", content=body, headers=headers)
    task = running.api.wait_until_final(accepted_id(answer))

    assert task.status is Status.SUCCEEDED, task.error
    assert not list(running.data_dir.parent.rglob("*escaped*"))
    names = {path.name.split(".")[0] for path in (running.data_dir / "results").iterdir()}
    assert all(len(name) == len(task.task_id) for name in names)
