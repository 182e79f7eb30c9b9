"""The queue of 04 opens a file that an earlier version has left, with jobs in it."""

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from scenarios.contract import Status

from .custom_queue.durable import file as queue_file
from .custom_queue.job_queue import Limits
from .custom_queue.store import choose_store
from .queue_unit import Jobs, Short, ended, new_task, opened

pytestmark = pytest.mark.anyio
VERSION_1 = """
PRAGMA journal_mode = WAL;
CREATE TABLE tasks (
    number INTEGER PRIMARY KEY, task_id TEXT NOT NULL UNIQUE, key TEXT, kind TEXT NOT NULL,
    arguments TEXT NOT NULL, priority INTEGER NOT NULL, status TEXT NOT NULL DEFAULT 'queued',
    progress INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, result TEXT,
    error TEXT, queued_at REAL NOT NULL, started_at REAL, finished_at REAL, ran_in TEXT,
    due REAL NOT NULL DEFAULT 0, owner TEXT, cancel_asked INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX by_key ON tasks (key) WHERE key IS NOT NULL;
CREATE INDEX waiting ON tasks (priority DESC, number, due) WHERE status = 'queued';
CREATE INDEX running ON tasks (owner) WHERE status = 'running';
CREATE INDEX ended ON tasks (finished_at) WHERE finished_at IS NOT NULL;
CREATE TABLE owners (
    owner TEXT PRIMARY KEY, workers INTEGER NOT NULL, lease_until REAL NOT NULL
);
CREATE TABLE counts (status TEXT PRIMARY KEY, tasks INTEGER NOT NULL);
PRAGMA user_version = 1;
"""
FIELDS = "task_id, key, kind, arguments, priority, status, attempts, error, queued_at, started_at"
INSERT = f"INSERT INTO tasks ({FIELDS}, finished_at, due, owner) VALUES ({', '.join('?' * 13)})"
AGE_S = 30.0


def write_version_1(db: Path) -> None:
    """Make the file of a process that was killed: jobs that wait, run and have ended."""
    then, due = time.time() - AGE_S, time.time() - 1
    begun, over = (then, None, 0, "4711-dead"), (then, then + 1, 0, None)
    rows = [
        ("waits", "key-1", "quick", "{}", 0, "queued", 0, None, then, None, None, 0, None),
        ("urgent", None, "quick", "{}", 5, "queued", 0, None, then, None, None, 0, None),
        ("retried", None, "quick", "{}", 0, "queued", 1, None, then, then, None, due, None),
        ("ran", None, "quick", "{}", 0, "running", 1, None, then, *begun),
        ("failed", None, "quick", "{}", 0, "failed", 4, "it broke", then, *over),
        ("done", "key-2", "quick", "{}", 0, "succeeded", 1, None, then, *over),
    ]
    counts = [("queued", 3), ("running", 1), ("failed", 1), ("succeeded", 1)]
    counts += [("cancelled", 0), ("interrupted", 0)]
    with closing(sqlite3.connect(db)) as file, file:
        file.executescript(VERSION_1)
        file.executemany(INSERT, rows)
        file.executemany("INSERT INTO counts VALUES (?, ?)", counts)
        file.execute("INSERT INTO owners VALUES ('4711-dead', 4, 0)")


async def test_jobs_in_a_file_of_the_version_before_are_done(jobs: Jobs, tmp_path: Path) -> None:
    db = tmp_path / "queue.sqlite"
    write_version_1(db)

    async with opened(jobs, db, Short(workers=1)) as queue:
        found = await ended(
            queue, *[new_task("quick", each) for each in ("waits", "urgent", "retried", "ran")]
        )
        put_back = await queue.store.put_back("failed")
        [again] = await ended(queue, new_task("quick", "failed"))
        metrics = await queue.metrics()
        known = [await queue.put(new_task("quick", key=key)) for key in ("key-1", "key-2")]

    assert [task.status for task in found] == [Status.SUCCEEDED] * 4
    assert [task.attempts for task in found] == [1, 1, 2, 2]
    assert sorted(jobs.began) == ["failed", "ran", "retried", "urgent", "waits"]
    assert jobs.began[0] == "urgent"
    assert put_back
    assert (again.status, again.attempts) == (Status.SUCCEEDED, 1)
    assert [task.task_id for task in known] == ["waits", "done"]
    assert (metrics.queued, metrics.running, metrics.succeeded, metrics.failed) == (0, 0, 6, 0)


async def test_age_of_what_waits_is_true_after_the_change(tmp_path: Path) -> None:
    db = tmp_path / "queue.sqlite"
    write_version_1(db)

    kept = choose_store(db)(Limits(), None, lambda task: None, None)
    await kept.add(new_task("quick"))
    metrics = await kept.metrics()
    await kept.close([])

    assert AGE_S - 1 < metrics.oldest_queued_s < AGE_S + 60


async def test_what_ended_before_the_change_is_forgotten_in_time(
    jobs: Jobs, tmp_path: Path
) -> None:
    db = tmp_path / "queue.sqlite"
    write_version_1(db)

    async with opened(jobs, db, Short(keep_s=AGE_S - 10)) as queue:
        while await queue.find("done"):  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.01)

        assert await queue.find("failed") is None


def test_processes_that_change_the_file_at_once_change_it_once(tmp_path: Path) -> None:
    for number in range(5):
        db = tmp_path / f"{number}.sqlite"
        write_version_1(db)

        with ThreadPoolExecutor(8) as threads:
            opened_files = [threads.submit(queue_file.connect, db) for _ in range(8)]
        versions = set()
        for each in opened_files:
            with closing(each.result()) as file:
                versions.add(file.execute("PRAGMA user_version").fetchone()[0])

        assert versions == {queue_file.VERSION}
