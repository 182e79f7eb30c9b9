"""Files of tasks: their names are made from ids that can be nothing but UUIDs."""

import inspect
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from scenarios import WORK, TaskStatus, files, image, ledger
from scenarios.contract import Status, new_task_id
from scenarios.errors import WorkError
from scenarios.report import read_orders

MANY = 20_000
TOUCH_FILES: dict[str, Callable[[str], object]] = {
    "upload_path": files.upload_path,
    "result_path": lambda task_id: files.result_path(task_id, ".pdf"),
    "discard_upload": files.discard_upload,
    "publish": lambda task_id: files.publish(task_id, ".pdf", b"%PDF"),
    "remember": lambda task_id: files.remember(task_id, {}),
    "recall": files.recall,
    "find_picture": image.find,
    "read_orders": lambda task_id: list(read_orders(task_id)),
}


@pytest.mark.parametrize("touch", TOUCH_FILES.values(), ids=TOUCH_FILES)
@pytest.mark.parametrize(
    "task_id",
    ["../../secret", "/etc/passwd", "", ".", "secret", "a\0b", "x" * 36, f"{UUID(int=7)}\n"],
)
def test_id_that_is_no_uuid_touches_no_file(
    data_dir: Path, touch: Callable[[str], object], task_id: str
) -> None:
    secret = data_dir.parent / "secret"
    secret.write_text("private")
    before = sorted(data_dir.rglob("*"))

    with pytest.raises(WorkError, match="is no task id"):
        touch(task_id)

    assert secret.read_text() == "private"
    assert sorted(data_dir.rglob("*")) == before


def test_files_of_a_task_lie_under_the_data_folder(data_dir: Path) -> None:
    task_id = new_task_id()

    assert files.upload_path(task_id).parent == data_dir / "uploads"
    assert files.result_path(task_id, ".pdf").parent == data_dir / "results"


@pytest.mark.parametrize("kind", WORK)
def test_no_job_takes_a_path_from_its_message(kind: str) -> None:
    parameters = inspect.signature(WORK[kind]).parameters

    assert not [name for name in parameters if "path" in name or "file" in name]
    assert not [each for each in parameters.values() if each.annotation in ("Path", Path)]


def test_files_of_a_task_are_found_without_a_look_at_all_the_others(data_dir: Path) -> None:
    for number in range(MANY):
        files.result_path(str(UUID(int=number)), ".pdf").touch()
    found = files.result_path(new_task_id(), ".png")
    found.touch()
    task_id, facts = found.stem, {"format": "PNG"}
    task = TaskStatus(task_id=task_id, kind="image", status=Status.SUCCEEDED, result=facts)

    began = time.perf_counter()
    for _ in range(100):
        assert (files.find_result(task), image.find(task_id)) == (found, found)
        assert files.recall(task_id) is None
        files.discard_upload(task_id)
    took_s = (time.perf_counter() - began) / 100

    assert took_s < 0.005  # to read the names of all takes 20 ms


def test_effect_that_cannot_be_noted_is_not_repeated(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    task_id = new_task_id()
    (data_dir / "results").rmdir()  # as when the disk takes nothing more

    result = files.remember(task_id, {"to": "ann@example.com"})

    assert result == {"to": "ann@example.com"}
    assert [event["event"] for event in ledger.read(data_dir)] == ["effect"]
    assert f"cannot note that {task_id} has had its effect" in caplog.text


def test_process_that_dies_at_the_note_has_told_of_the_effect(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(path: Path, content: bytes) -> None:
        raise SystemExit

    monkeypatch.setattr(files, "write_whole", die)
    with pytest.raises(SystemExit):
        files.remember(new_task_id(), {"to": "ann@example.com"})

    assert [event["event"] for event in ledger.read(data_dir)] == ["effect"]


@pytest.mark.parametrize("left", [b"", b"{", b"\0" * 40])
def test_note_of_an_effect_that_a_power_cut_has_damaged_counts_as_none(
    data_dir: Path, left: bytes
) -> None:
    task_id = new_task_id()
    files.result_path(task_id, ".json").write_bytes(left)

    assert files.recall(task_id) is None


def test_upload_that_cannot_be_removed_changes_no_task(data_dir: Path) -> None:
    task_id = new_task_id()
    path = files.upload_path(task_id)
    path.mkdir()  # unlink refuses a folder, as it does each file of a disk that is read-only

    files.discard_upload(task_id)
    with pytest.raises(IsADirectoryError):
        files.forget([task_id])  # it will be told again
    path.rmdir()
    path.touch()
    files.forget([task_id])

    assert not path.exists()
