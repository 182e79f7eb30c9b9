"""The queue of 04 on disk: crashes, several queues on one file, files that cannot be used."""

import asyncio
import resource
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scenarios.contract import Status

from .custom_queue.durable import file as queue_file
from .custom_queue.durable.group_commit import Change, GroupCommit, Result
from .custom_queue.durable.store import SQLiteStore
from .custom_queue.job_queue import Again, JobQueue, QueueUnavailable
from .queue_unit import Jobs, Short, can_be_used, ended, killed, known, new_task, opened, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "queue.sqlite"


def query(db: Path, sql: str) -> list[tuple[Any, ...]]:  # Any: SQL rows
    with closing(sqlite3.connect(db)) as file:
        return file.execute(sql).fetchall()


def rows_and_counts(db: Path) -> tuple[dict[str, int], dict[str, int]]:
    rows = query(db, "SELECT status, count(*) FROM tasks GROUP BY status")
    counts = query(db, "SELECT status, tasks FROM counts WHERE tasks <> 0")
    return dict(rows), dict(counts)


async def begun(jobs: Jobs, number: int) -> None:
    await until(f"{number} jobs have begun", lambda: len(jobs.began) >= number)


async def test_accepted_task_is_on_disk(jobs: Jobs, db: Path) -> None:
    async with opened(jobs, db) as queue:
        task = await queue.put(new_task("held"))

        found = query(db, "SELECT task_id FROM tasks")

    assert found == [(task.task_id,)]


async def test_what_waited_or_ran_at_a_crash_runs_again_in_order(jobs: Jobs, db: Path) -> None:
    async with opened(jobs, db, Short(workers=2)) as queue:
        running = [await queue.put(new_task("held", priority=5)) for _ in range(2)]
        await begun(jobs, 2)
        waiting = [await queue.put(new_task("quick", priority=n)) for n in (1, 3, 2)]
        db = killed(db)

    after = Jobs()
    after.gate.set()
    async with opened(after, db, Short(workers=1)) as queue:
        found = await ended(queue, *running, *waiting)

    order = [*running, waiting[1], waiting[2], waiting[0]]
    assert after.began == [task.task_id for task in order]
    assert [task.attempts for task in found] == [2, 2, 1, 1, 1]
    assert {task.status for task in found} == {Status.SUCCEEDED}
    assert after.told("recovered") == [task.task_id for task in running]


async def test_task_that_runs_at_every_crash_fails_in_the_end(jobs: Jobs, db: Path) -> None:
    async with opened(jobs, db) as queue:
        poison = await queue.put(new_task("held"))
        await begun(jobs, 1)
        db = killed(db)
    for _ in range(2):
        again = Jobs()
        async with opened(again, db, Short(max_attempts=3)) as queue:
            await begun(again, 1)
            db = killed(db)

    last = Jobs()
    async with opened(last, db, Short(max_attempts=3)) as queue:
        (task,) = await ended(queue, poison)

    assert (task.status, task.attempts) == (Status.FAILED, 3)
    assert task.error == "the app died while it ran this job, at attempt 3"
    assert (last.began, last.told("failed")) == ([], [poison.task_id])


async def test_task_that_is_given_back_at_a_stop_does_not_count_the_attempt(
    jobs: Jobs, db: Path
) -> None:
    async with opened(jobs, db) as queue:
        task = await queue.put(new_task("held"))
        await begun(jobs, 1)

    left = query(db, "SELECT status, attempts, owner FROM tasks")
    after = Jobs()
    after.gate.set()
    async with opened(after, db) as queue:
        (found,) = await ended(queue, task)

    assert left == [("queued", 0, None)]
    assert (found.status, found.attempts) == (Status.SUCCEEDED, 1)


async def test_living_queue_keeps_its_lease_though_its_loop_is_blocked(
    jobs: Jobs, db: Path
) -> None:
    other = Jobs()
    async with opened(jobs, db, Short(lease_s=0.4)) as queue, opened(other, db, Short(lease_s=0.4)):
        task = await queue.put(new_task("held"))
        await until("one has it", lambda: jobs.began + other.began)

        time.sleep(1.5)  # noqa: ASYNC251 – the point of the test
        await asyncio.sleep(0.3)
        found = await known(queue, task)

    assert (found.status, found.attempts) == (Status.RUNNING, 1)


async def test_each_task_is_run_once_by_one_of_the_queues(jobs: Jobs, db: Path) -> None:
    async with opened(jobs, db) as first, opened(jobs, db) as second:
        queues = [first, second] * 100

        tasks = await asyncio.gather(*(queue.put(new_task("quick")) for queue in queues))
        found = await ended(first, *tasks)

    assert sorted(jobs.began) == sorted(task.task_id for task in tasks)
    assert {task.attempts for task in found} == {1}
    assert rows_and_counts(db) == ({"succeeded": 200}, {"succeeded": 200})


async def test_queue_that_lost_a_task_cannot_end_it_and_stops_its_job(jobs: Jobs, db: Path) -> None:
    async with opened(jobs, db, Short(workers=1)) as queue:
        task = await queue.put(new_task("stubborn"))
        await begun(jobs, 1)

        with closing(sqlite3.connect(db)) as file, file:
            file.execute("UPDATE tasks SET owner = 'another', attempts = 2")
            file.execute("INSERT INTO owners VALUES ('another', 4, 1e18)")
        await until("the job was stopped", lambda: jobs.told("lost"))
        after = await queue.put(new_task("quick"))
        await ended(queue, after)
        found = await known(queue, task)

    assert (found.status, found.attempts) == (Status.RUNNING, 2)
    assert task.task_id not in jobs.told("finished")


@pytest.mark.parametrize("word", ["end", "retry", "repeat", "report"])
async def test_word_about_a_task_that_another_queue_has_comes_too_late(db: Path, word: str) -> None:
    store = SQLiteStore(db, Short(), None, lambda task: None)
    await until("the store can be used", lambda: can_be_used(store))
    await store.add(new_task("quick"))
    task = await store.take()
    with closing(sqlite3.connect(db)) as file, file:
        file.execute("UPDATE tasks SET owner = 'another', attempts = 2")
        file.execute("INSERT INTO owners VALUES ('another', 4, 1e18)")
    before = query(db, "SELECT * FROM tasks"), rows_and_counts(db)

    words: dict[str, Callable[[], None]] = {
        "end": lambda: store.end(task, Status.SUCCEEDED, {}),
        "retry": lambda: store.retry(task, 0),
        "repeat": lambda: store.repeat(task, Again(0, {})),
        "report": lambda: store.report(replace(task, progress=50)),
    }
    words[word]()  # before this queue has looked whose the task is
    await store.put_back("nobody")  # changes are made in their order

    assert (query(db, "SELECT * FROM tasks"), rows_and_counts(db)) == before
    await store.close([])


async def test_task_is_cancelled_from_another_queue(jobs: Jobs, db: Path) -> None:
    async with opened(jobs, db, Short(workers=1)) as first:
        running = await first.put(new_task("held"))
        await begun(jobs, 1)
        async with opened(Jobs(), db, Short(workers=1)) as second:
            blocker = await second.put(new_task("held"))
            waiting = await second.put(new_task("quick"))

            asked = [await second.cancel(running), await first.cancel(waiting)]
            found = await ended(second, running, waiting)
            asked_late = [await second.cancel(running), await second.cancel(waiting)]
            await first.cancel(blocker)

    assert (asked, asked_late) == ([True, True], [False, False])
    assert {task.status for task in found} == {Status.CANCELLED}
    assert jobs.told("cancelled")[0] in (running.task_id, waiting.task_id)


async def test_status_and_metrics_are_the_same_from_every_queue(jobs: Jobs, db: Path) -> None:
    async with opened(jobs, db) as first, opened(jobs, db) as second:
        tasks = [await first.put(new_task("held")) for _ in range(6)]
        await begun(jobs, 4)
        await until("both are counted", lambda: _workers(first, 4))

        seen = [await queue.metrics() for queue in (first, second)]
        found = [[await known(queue, task) for task in tasks] for queue in (first, second)]

    assert [(each.queued, each.running, each.workers) for each in seen] == [(2, 4, 4)] * 2
    statuses = [[task.status for task in each] for each in found]
    assert statuses[0] == statuses[1]


async def _workers(queue: JobQueue, wanted: int) -> bool:
    return bool((await queue.metrics()).workers == wanted)


async def test_same_key_at_two_queues_gives_one_task(jobs: Jobs, db: Path) -> None:
    async with opened(jobs, db) as first, opened(jobs, db) as second:
        queues = [first, second] * 5

        found = await asyncio.gather(*(each.put(new_task("quick", key="a")) for each in queues))
        await ended(first, found[0])

    assert len({task.task_id for task in found}) == 1
    assert len(jobs.began) == 1


async def test_ended_tasks_are_removed_after_a_while(jobs: Jobs, db: Path) -> None:
    async with opened(jobs, db, Short(keep_s=0.5, size=1000)) as queue:
        tasks = [new_task("quick", key=str(n)) for n in range(700)]
        await asyncio.gather(*(queue.put(task) for task in tasks))
        held = await queue.put(new_task("held"))

        async def one_is_left() -> bool:
            return query(db, "SELECT count(*) FROM tasks") == [(1,)]

        await until("only the one that runs is left", one_is_left)
        counted = rows_and_counts(db)
        found = await known(queue, held)

    assert counted == ({"running": 1}, {"running": 1})
    assert found.status is Status.RUNNING


async def put_for_ever(queue: JobQueue) -> None:
    while True:
        await queue.put(new_task("quick"))


@contextmanager
def locked(db: Path) -> Iterator[None]:
    """Hold the file as another program might."""
    with closing(sqlite3.connect(db, isolation_level=None)) as file:
        file.execute("BEGIN IMMEDIATE")
        yield
        file.execute("ROLLBACK")


@contextmanager
def full_disk(db: Path) -> Iterator[None]:
    """Let no file of this process grow beyond the size of the queue's."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size_bytes = max(path.stat().st_size for path in db.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("trouble", [locked, full_disk])
async def test_file_that_cannot_be_written_refuses_and_loses_nothing(
    jobs: Jobs, db: Path, trouble: Callable[[Path], AbstractContextManager[None]]
) -> None:
    async with opened(jobs, db) as queue:
        running = [await queue.put(new_task("held")) for _ in range(2)]
        waiting = await queue.put(new_task("quick"))
        await begun(jobs, 2)

        with trouble(db):
            jobs.gate.set()  # the ends of the jobs are owed until the file takes them
            began = time.monotonic()
            with pytest.raises(QueueUnavailable, match="the queue's file"):
                await put_for_ever(queue)
            took_s = time.monotonic() - began
            readable = await queue.find(waiting.task_id)
        found = await ended(queue, *running, waiting)

    assert took_s < 5
    assert readable is not None
    assert {task.status for task in found} == {Status.SUCCEEDED}
    assert {task.attempts for task in found} == {1}


async def test_refusal_takes_no_longer_for_those_who_come_while_others_wait(
    jobs: Jobs, db: Path
) -> None:
    async def refused_after_s() -> float:
        began = time.monotonic()
        with pytest.raises(QueueUnavailable):
            await queue.put(new_task("quick"))
        return time.monotonic() - began

    async with opened(jobs, db) as queue:
        await ended(queue, await queue.put(new_task("quick")))  # the file is open now
        with locked(db):
            waits = []
            for _ in range(30):
                waits.append(asyncio.create_task(refused_after_s()))
                await asyncio.sleep(0.1)
            took_s = await asyncio.gather(*waits)

    assert statistics.median(took_s) < 1, sorted(took_s)


def write_damaged(db: Path) -> None:
    db.write_bytes(b"this is no SQLite file" * 100)


def write_newer(db: Path) -> None:
    with closing(sqlite3.connect(db)) as file:
        file.execute(f"PRAGMA user_version = {queue_file.VERSION + 1}")
        file.execute("CREATE TABLE something_new (a)")


def write_another(db: Path) -> None:
    with closing(sqlite3.connect(db)) as file:
        file.execute("CREATE TABLE orders (a)")


def write_tasks_of_another(version: int) -> Callable[[Path], None]:
    """Let a program write that counts its versions, too, and has tables with names of ours."""

    def write(db: Path) -> None:
        with closing(sqlite3.connect(db)) as file, file:
            file.execute("CREATE TABLE tasks (title)")
            file.execute("CREATE TABLE owners (name)")
            file.execute("INSERT INTO owners VALUES ('ann')")
            file.execute(f"PRAGMA user_version = {version}")

    return write


@pytest.mark.parametrize(
    ("write", "words"),
    [
        pytest.param(write_damaged, "damaged", id="damaged"),
        pytest.param(write_newer, "update it", id="newer schema"),
        pytest.param(write_another, "another database", id="another database"),
        pytest.param(write_tasks_of_another(1), "another database", id="another's version 1"),
        pytest.param(write_tasks_of_another(2), "another database", id="another's version 2"),
    ],
)
async def test_file_that_is_no_queue_is_refused_and_left_alone(
    jobs: Jobs, db: Path, write: Callable[[Path], None], words: str
) -> None:
    write(db)
    before = read(db)

    async with opened(jobs, db, usable=False) as queue:
        with pytest.raises(QueueUnavailable, match=words):
            await queue.put(new_task("quick"))
        with pytest.raises(QueueUnavailable, match=words):
            await queue.metrics()
        untouched = read(db)
        remove(db)
        await until("a new file is made", lambda: _accepts(queue))

    assert untouched == before


@pytest.mark.parametrize("also", [[], ["-wal", "-shm", ".lock"]], ids=["alone", "with all"])
async def test_job_that_is_accepted_after_the_file_was_removed_is_in_the_new_one(
    jobs: Jobs, db: Path, also: list[str]
) -> None:
    async with opened(jobs, db, Short(workers=1)) as queue:
        held = await queue.put(new_task("held"))
        await until("it runs", lambda: jobs.told("started"))
        for suffix in ["", *also]:
            remove(Path(f"{db}{suffix}"))
        await until("a new file is made", lambda: _accepts(queue))

        task = await queue.put(new_task("quick"))  # its number may be that of the lost one
        with closing(sqlite3.connect(db)) as file:
            on_disk = file.execute("SELECT 1 FROM tasks WHERE task_id = ?", (task.task_id,))
            assert on_disk.fetchone()
        [done] = await ended(queue, task)
        unknown = await queue.find(held.task_id)

    assert (done.status, done.result) == (Status.SUCCEEDED, {"said": "done"})
    assert unknown is None
    assert jobs.told("lost") == [held.task_id]


@pytest.mark.parametrize("suffixes", [["-wal"], ["-wal", "-shm"]], ids=["log", "both"])
async def test_what_was_accepted_survives_a_crash_though_the_log_was_removed(
    jobs: Jobs, db: Path, suffixes: list[str]
) -> None:
    async with opened(jobs, db, Short(workers=1)) as queue:
        tasks = [await queue.put(new_task("held")) for _ in range(3)]
        await known(queue, tasks[0])
        for suffix in suffixes:
            remove(Path(f"{db}{suffix}"))
        await until("there is a new log", Path(f"{db}-wal").exists)
        await until("jobs are taken again", lambda: _accepts(queue))
        after = killed(db)
        seen = [(await known(queue, task)).attempts for task in tasks]

    again = Jobs()
    again.gate.set()
    async with opened(again, after) as queue:
        found = await ended(queue, *tasks)

    assert seen == [1, 0, 0]
    assert {task.status for task in found} == {Status.SUCCEEDED}
    assert (
        query(db, "PRAGMA integrity_check") == query(after, "PRAGMA integrity_check") == [("ok",)]
    )


async def test_file_that_takes_the_place_of_ours_keeps_what_it_holds(jobs: Jobs, db: Path) -> None:
    """Its log stays where it was, and SQLite would apply that to the other file."""
    async with opened(Jobs(), db, Short(workers=1)) as queue:
        kept = [await queue.put(new_task("held")) for _ in range(20)]
        backup = killed(db)
        query(backup, "PRAGMA wal_checkpoint(TRUNCATE)")
    async with opened(jobs, db, Short(workers=1)) as queue:
        jobs.gate.set()
        late = [await queue.put(new_task("quick")) for _ in range(200)]
        await ended(queue, *late)

        backup.replace(db)
        await until("the other file is used", lambda: _accepts(queue))
        found = await ended(queue, *kept)
        unknown = [await queue.find(task.task_id) for task in late]

    assert {task.status for task in found} == {Status.SUCCEEDED}
    assert unknown == [None] * 200
    assert query(db, "PRAGMA integrity_check") == [("ok",)]


def read(db: Path) -> bytes:
    return db.read_bytes()


def remove(db: Path) -> None:
    db.unlink()


async def _accepts(queue: JobQueue) -> bool:
    try:
        await queue.put(new_task("quick"))
    except QueueUnavailable:
        return False
    return True


class CountingTable:
    """A table that counts its transactions."""

    def __init__(self, db: Path) -> None:
        self.db, self.commits = db, 0

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.db, isolation_level=None, check_same_thread=False)

    def look(self, db: sqlite3.Connection) -> list[Change]:
        return []

    def begin(self, db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE IF NOT EXISTS numbers (number UNIQUE)")

    def finish(self, db: sqlite3.Connection) -> list[Result]:
        return []

    def committed(self) -> None:
        self.commits += 1


async def test_changes_that_come_together_share_commits(db: Path) -> None:
    table = CountingTable(db)
    commits = GroupCommit(table)

    def insert(number: int) -> Callable[[sqlite3.Connection], int]:
        return lambda file: file.execute("INSERT INTO numbers VALUES (?)", (number,)).rowcount

    async def produce(first: int) -> None:
        for number in range(first, first + 20):
            assert await commits.do(insert(number)) == 1

    await asyncio.gather(*(produce(100 * producer) for producer in range(50)))
    await commits.close()

    assert query(db, "SELECT count(*) FROM numbers") == [(1000,)]
    assert table.commits < 500


async def test_change_that_fails_alone_leaves_its_neighbours(db: Path) -> None:
    commits = GroupCommit(CountingTable(db))

    def fail(file: sqlite3.Connection) -> None:
        raise KeyError("its own fault")

    def insert(file: sqlite3.Connection) -> int:
        return file.execute("INSERT INTO numbers VALUES (1)").rowcount

    good = asyncio.create_task(commits.do(insert))
    bad = asyncio.create_task(commits.do(fail))
    await asyncio.wait([good, bad])
    await commits.close()

    assert good.result() == 1
    assert isinstance(bad.exception(), KeyError)
