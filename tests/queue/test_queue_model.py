"""The durable queue against a simple model: any series of calls, crashes and restarts."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from scenarios.contract import Status

from .custom_queue.durable.store import SQLiteStore
from .custom_queue.job_queue import Limits, QueueFull, Task
from .queue_unit import can_be_used, killed, new_task, until

T = TypeVar("T")
MAX_ATTEMPTS, SIZE = 3, 4
KEYS = [None, None, "a", "b"]


@dataclass
class Known:
    """What the model knows of one task."""

    number: int
    priority: int
    key: str | None
    status: Status = Status.QUEUED
    attempts: int = 0


def pick(data: st.DataObject, task_ids: Collection[str]) -> str:
    """Choose one by its place, as the ids themselves differ from run to run."""
    return list(task_ids)[data.draw(st.integers(0, len(task_ids) - 1))]


class QueueMachine(RuleBasedStateMachine):
    """Calls the store as the queue would, one call at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "queue.sqlite"
        self.loop = asyncio.new_event_loop()
        self.known: dict[str, Known] = {}
        self.running: dict[str, Task] = {}  # as the store handed them out

    def teardown(self) -> None:
        self.run(self.store.close([]))
        self.loop.close()
        shutil.rmtree(self.folder)

    def run(self, call: Awaitable[T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(call, 20))

    def with_status(self, status: Status) -> list[str]:
        return [task_id for task_id, known in self.known.items() if known.status is status]

    def to_retry(self) -> dict[str, Task]:
        """Return the tasks that run and have attempts left; the queue retries no others."""
        return {
            task_id: task
            for task_id, task in self.running.items()
            if self.known[task_id].attempts < MAX_ATTEMPTS
        }

    @initialize()
    def open(self) -> None:
        async def make() -> SQLiteStore:
            limits = Limits(size=SIZE, max_attempts=MAX_ATTEMPTS)
            return SQLiteStore(self.path, limits, None, lambda task: None)

        self.store = self.run(make())
        self.run(until("the store can be used", lambda: can_be_used(self.store)))

    @rule(priority=st.integers(-1, 1), key=st.sampled_from(KEYS))
    def enqueue(self, priority: int, key: str | None) -> None:
        task = new_task("email", priority=priority, key=key)
        earlier = [task_id for task_id, known in self.known.items() if key and known.key == key]
        full = len(self.with_status(Status.QUEUED)) >= SIZE

        try:
            found = self.run(self.store.add(task)).task_id
        except QueueFull:
            assert full
            assert not earlier
            return

        assert [found] == (earlier or [task.task_id])
        if not earlier:
            assert not full
            self.known[found] = Known(len(self.known), priority, key)

    @precondition(lambda self: self.with_status(Status.QUEUED))
    @rule()
    def take(self) -> None:
        waiting = [(known, task_id) for task_id, known in self.known.items()]
        waiting = [each for each in waiting if each[0].status is Status.QUEUED]
        known, first = min(waiting, key=lambda each: (-each[0].priority, each[0].number))

        task = self.run(self.store.take())

        known.status = Status.RUNNING
        known.attempts += 1
        assert (task.task_id, task.attempts) == (first, known.attempts)
        self.running[first] = task

    @precondition(lambda self: self.running)
    @rule(status=st.sampled_from([Status.SUCCEEDED, Status.FAILED]), data=st.data())
    def end(self, status: Status, data: st.DataObject) -> None:
        task_id = pick(data, self.running)
        error = "broken" if status is Status.FAILED else None

        self.store.end(self.running.pop(task_id), status, {"a": 1}, error)

        self.known[task_id].status = status

    @precondition(lambda self: self.to_retry())
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        task_id = pick(data, self.to_retry())

        self.store.retry(self.running.pop(task_id), 0)

        self.known[task_id].status = Status.QUEUED

    @precondition(lambda self: self.with_status(Status.FAILED))
    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        task_id = pick(data, self.with_status(Status.FAILED))
        full = len(self.with_status(Status.QUEUED)) >= SIZE
        self.run(self.store.put_back("nobody"))  # its end is kept by now

        try:
            assert self.run(self.store.put_back(task_id))
        except QueueFull:
            assert full
            return

        assert not full
        self.known[task_id].status = Status.QUEUED
        self.known[task_id].attempts = 0

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        task_id = pick(data, self.known)
        known = self.known[task_id]

        assert self.run(self.store.cancel(task_id)) is not known.status.is_final

        if not known.status.is_final:
            known.status = Status.CANCELLED
            self.running.pop(task_id, None)

    @rule()
    def crash_and_restart(self) -> None:
        before, self.path = self.store, killed(self.path)
        self.open()
        self.run(before.close([]))

        for task_id in self.running:
            known = self.known[task_id]
            poison = known.attempts >= MAX_ATTEMPTS
            known.status = Status.FAILED if poison else Status.QUEUED
        self.running.clear()

    @rule()
    def stop_and_restart(self) -> None:
        self.store.stop_adding()
        for task in self.running.values():
            self.store.give_up(task)
        self.run(self.store.close([]))
        self.open()

        for task_id in self.running:
            known = self.known[task_id]
            known.status = Status.QUEUED
            known.attempts -= 1
        self.running.clear()

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        if not hasattr(self, "store"):
            return
        self.run(self.store.put_back("nobody"))  # what was told before is kept by now
        found = [self.run(self.store.find(task_id)) for task_id in self.known]
        metrics = self.run(self.store.metrics())

        seen = [task and (task.status, task.attempts) for task in found]
        assert seen == [(known.status, known.attempts) for known in self.known.values()]
        for status in (Status.QUEUED, Status.RUNNING, Status.SUCCEEDED, Status.FAILED):
            assert getattr(metrics, status) == len(self.with_status(status))


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, derandomize=True, database=None
)
