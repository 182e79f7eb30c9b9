"""What belongs to a task goes together, and only when nobody answers for the task any more."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import PIPE
from uuid import UUID

import pytest

from scenarios import files, owners
from scenarios.contract import new_task_id
from scenarios.pictures import picture_index
from scenarios.reports import orders
from tests.support.ages import set_back_all_ages
from tests.support.programs import Program


@contextmanager
def app(address: str = "", outcome: str = "taken") -> Iterator[tuple[str, Program]]:
    """Run a process that stores an upload; yield the id when it waits."""
    with Program.start("tests.work.files.one_upload", address, outcome) as process:
        task_id = process.stdout.readline().strip()
        if outcome == "taken":
            assert process.stdout.readline() == "taken\n"
        try:
            yield task_id, process
        finally:
            process.kill()


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget afterwards that this process has begun as an API."""
    for name in ("_own", "_lock", "_store"):
        monkeypatch.setattr(owners, name, None)
    yield
    if owners._lock:
        owners._lock.close()


@pytest.mark.usefixtures("no_process")
def test_upload_in_memory_stays_while_its_process_lives_and_goes_with_it(data_dir: Path) -> None:
    files.make_folders()
    owners.begin(None, is_api=True)

    with app() as (task_id, process):
        set_back_all_ages(data_dir)
        files.remove_orphans()
        assert files.upload_path(task_id).exists()
        process.kill()

    files.remove_orphans()
    assert not files.upload_path(task_id).exists()
    assert not list((data_dir / "owners").rglob(task_id))


@pytest.mark.usefixtures("no_process")
def test_upload_that_cannot_be_taken_back_now_keeps_its_mark(data_dir: Path) -> None:
    files.make_folders()
    owners.begin(None, is_api=True)
    task_id = new_task_id()
    owners.take(task_id)
    path = files.upload_path(task_id)
    path.mkdir()  # unlink refuses a folder, as it does each file of a disk that is read-only

    files.take_back(task_id)
    kept = list((data_dir / "owners").rglob(task_id))
    path.rmdir()
    files.take_back(task_id)

    assert len(kept) == 1
    assert not list((data_dir / "owners").rglob(task_id))


@pytest.mark.usefixtures("no_process")
@pytest.mark.parametrize("outcome", ["taken", "killed before it is taken"])
@pytest.mark.parametrize("is_known", [True, False])
def test_upload_of_a_store_stays_as_long_as_the_store_knows_its_task(
    data_dir: Path, outcome: str, is_known: bool
) -> None:
    known: set[str] = set()
    files.make_folders()
    owners.begin(owners.TaskStore("queue.sqlite", known.intersection), is_api=True)
    with app("queue.sqlite", outcome) as (task_id, process):
        known |= {task_id} if is_known else set()
        process.kill()
    set_back_all_ages(data_dir)

    files.remove_orphans()

    assert files.upload_path(task_id).exists() is is_known


@pytest.mark.usefixtures("no_process")
def test_upload_that_is_just_being_accepted_stays(data_dir: Path) -> None:
    files.make_folders()
    owners.begin(owners.TaskStore("queue.sqlite", lambda task_ids: []), is_api=True)

    with app("queue.sqlite", "killed before it is taken") as (task_id, _):
        set_back_all_ages(data_dir)
        files.remove_orphans()

        assert files.upload_path(task_id).exists()


@pytest.mark.usefixtures("no_process")
@pytest.mark.parametrize("store", [None, owners.TaskStore("other.sqlite", lambda task_ids: [])])
def test_another_app_on_the_same_folder_removes_nothing(
    data_dir: Path, store: owners.TaskStore | None
) -> None:
    files.make_folders()
    owners.begin(store, is_api=True)
    with app("queue.sqlite") as (task_id, process):
        process.kill()

    files.remove_orphans()

    assert files.upload_path(task_id).exists()


@pytest.mark.usefixtures("no_process")
def test_store_that_cannot_tell_removes_nothing(data_dir: Path) -> None:
    def cannot_tell(task_ids: list[str]) -> list[str]:
        raise ConnectionError

    files.make_folders()
    owners.begin(owners.TaskStore("redis://127.0.0.1", cannot_tell), is_api=True)
    with app("redis://127.0.0.1") as (task_id, process):
        process.kill()

    with pytest.raises(ConnectionError):
        files.remove_orphans()

    assert files.upload_path(task_id).exists()


def test_all_of_a_task_goes_and_nothing_of_the_others(data_dir: Path) -> None:
    files.make_folders()
    gone, kept = new_task_id(), new_task_id()
    for task_id in (gone, kept):
        files.upload_path(task_id).write_bytes(b"upload")
        files.remember(task_id, {"format": "PNG"})
        for suffix in files.SUFFIXES.values():
            files.publish(task_id, suffix, b"result")
        facts = {"format": "PNG", "operations": [], "width": 16, "height": 16}
        picture_index.index(task_id, facts)
        with closing(orders.connect()) as database, database:
            row = (task_id, "2026-11-21", "North", "lamp", 1, 100)
            rows = [row] * (orders.AT_ONCE + 1)
            database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", rows)

    files.forget([gone, new_task_id(), "../../x"])

    assert not list(data_dir.rglob(f"{gone}*"))
    assert len(list(data_dir.rglob(f"{kept}*"))) == 1 + len(files.SUFFIXES)
    with closing(orders.connect()) as database:
        found = database.execute("SELECT task_id, COUNT(*) FROM orders GROUP BY task_id").fetchall()
    assert found == [(kept, orders.AT_ONCE + 1)]
    with closing(sqlite3.connect(data_dir / "pictures.sqlite")) as database:
        assert database.execute("SELECT task_id FROM pictures").fetchall() == [(kept,)]


def test_half_written_file_of_a_killed_process_goes_and_a_live_one_stays(data_dir: Path) -> None:
    files.make_folders()
    code = """
import fcntl, sys, time
with open(sys.argv[1], "wb") as file:
    fcntl.flock(file, fcntl.LOCK_SH)
    print("writing", flush=True)
    sys.stdin.read()
"""
    path = data_dir / "unfinished" / "x.pdf.1"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        set_back_all_ages(data_dir)
        files.remove_orphans()
        assert path.exists()
        process.kill()
        process.wait()

    files.remove_orphans()
    assert not path.exists()


def test_forgetting_many_tasks_holds_neither_disk_nor_database_for_long(data_dir: Path) -> None:
    files.make_folders()
    task_ids = [str(UUID(int=number)) for number in range(2000)]
    rows = [(each, "2026-11-21", "North", "lamp", 1, 100) for each in task_ids for _ in range(20)]
    with closing(orders.connect()) as database, database:
        database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", rows)
    for task_id in task_ids:
        files.upload_path(task_id).touch()

    files.forget(task_ids)

    assert not list(files.uploads_dir().iterdir())
    with closing(orders.connect()) as database:
        assert database.execute("SELECT COUNT(*) FROM orders").fetchone() == (0,)
