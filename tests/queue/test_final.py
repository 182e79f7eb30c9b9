"""A final state never changes, whatever comes late; its times are in order.

One machine drives the record of 01 and 02, the store in memory and the store in a file.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scenarios import Tasks, TaskStatus
from scenarios.contract import JSONDict, Kind, Status
from scenarios.status import JobStopped

from .custom_queue.durable.store import SQLiteStore
from .custom_queue.job_queue import Limits, Task
from .custom_queue.memory import MemoryStore
from .custom_queue.store import Store
from .queue_unit import can_be_used, new_task, until

T = TypeVar("T")
Facts = tuple[object, ...]


def is_in_order(*times: float | datetime | None) -> bool:
    known = [each.timestamp() if isinstance(each, datetime) else each for each in times if each]
    return known == sorted(known)


class RecordMachine(RuleBasedStateMachine):
    """Changes records of 01 and 02 in any order, from where a thread and the loop would."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks = Tasks()
        self.final: dict[str, str] = {}
        self.effects: dict[str, JSONDict] = {}

    def one(self, data: st.DataObject) -> TaskStatus:
        return self.tasks[data.draw(st.sampled_from(sorted(self.tasks)))]

    @rule()
    def accept(self) -> None:
        self.tasks.accept(f"task {len(self.tasks)}", Kind.EMAIL)

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), step=st.sampled_from(["begin", "report", "fail", "cancel", "interrupt"]))
    def change(self, data: st.DataObject, step: str) -> None:
        task = self.one(data)
        steps: dict[str, Callable[[], None]] = {
            "begin": task.begin,
            "report": lambda: task.report_progress(50),
            "fail": lambda: task.fail(ValueError("broken")),
            "cancel": task.cancel,
            "interrupt": task.interrupt,
        }
        try:
            steps[step]()
        except JobStopped:
            assert task.status.is_final

    @precondition(lambda self: self.tasks)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        task = self.one(data)
        result = {"effect": len(self.effects)}
        if not task.status.is_final:
            self.effects[task.task_id] = result
        task.succeed(result)

    @invariant()
    def what_is_final_stays(self) -> None:
        for task in self.tasks.values():
            assert is_in_order(task.queued_at, task.started_at, task.finished_at)
            assert (task.finished_at is not None) is task.status.is_final
            assert (task.result is not None) is (task.status is Status.SUCCEEDED)
            if task.status.is_final:
                seen = task.model_dump_json()
                assert self.final.setdefault(task.task_id, seen) == seen
            if task.status is Status.SUCCEEDED:
                assert task.result == self.effects[task.task_id]

    @invariant()
    def counts_are_true(self) -> None:
        metrics = self.tasks.count(None)
        for status in (Status.QUEUED, Status.RUNNING, Status.SUCCEEDED, Status.FAILED):
            found = sum(task.status is status for task in self.tasks.values())
            assert getattr(metrics, status) == found


class StoreMachine(RuleBasedStateMachine):
    """Calls a store as workers do that come late: with tasks that have long ended."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.store = self.run(self.open())
        self.handed_out: list[Task] = []  # every task object that a worker ever got
        self.task_ids: list[str] = []
        self.final: dict[str, Facts] = {}
        self.effects: dict[str, object] = {}

    async def open(self) -> Store:
        raise NotImplementedError

    def teardown(self) -> None:
        self.run(self.store.close([]))
        self.loop.close()
        shutil.rmtree(self.folder)

    def run(self, call: Awaitable[T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(call, 20))

    def find(self, task_id: str) -> Task:
        found = self.run(self.store.find(task_id))
        assert found
        return found

    def one(self, data: st.DataObject) -> Task:
        return data.draw(st.sampled_from(self.handed_out))

    async def call(self, method: Callable[..., None], *facts: object) -> None:
        method(*facts)

    @rule()
    def add_and_take(self) -> None:
        task = new_task("email")
        self.run(self.store.add(task))
        self.task_ids.append(task.task_id)
        self.handed_out.append(self.run(self.store.take()))

    @rule()
    def add(self) -> None:
        task = new_task("email", delay_s=3600)
        self.run(self.store.add(task))
        self.task_ids.append(task.task_id)

    @precondition(lambda self: self.handed_out)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        task = self.one(data)
        effect = {"effect": len(self.effects)}
        if task.status is Status.RUNNING:
            self.effects[task.task_id] = effect
        self.run(self.call(self.store.end, task, Status.SUCCEEDED, effect))

    @precondition(lambda self: self.handed_out)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        self.run(self.call(self.store.end, self.one(data), Status.FAILED, None, "broken"))

    @precondition(lambda self: self.handed_out)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        self.run(self.call(self.store.retry, self.one(data), 3600))

    @precondition(lambda self: self.handed_out)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        self.run(self.call(self.store.give_up, self.one(data)))

    @precondition(lambda self: self.handed_out)
    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        task = self.one(data)
        if task.status is Status.RUNNING:  # as the queue asks first
            task.progress = 50
            self.run(self.call(self.store.report, task))

    @precondition(lambda self: self.task_ids)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        task_id = data.draw(st.sampled_from(self.task_ids))
        was_final = task_id in self.final

        assert self.run(self.store.cancel(task_id)) is not was_final

    @precondition(lambda self: self.task_ids)
    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        task_id = data.draw(st.sampled_from(self.task_ids))
        has_failed = self.find(task_id).status is Status.FAILED

        assert self.run(self.store.put_back(task_id)) is has_failed
        if has_failed:
            del self.final[task_id]  # the one way back, and only for what failed
            self.handed_out.append(self.run(self.store.take()))

    @invariant()
    def what_is_final_stays(self) -> None:
        if not hasattr(self, "task_ids"):
            return
        self.run(self.settle())
        for task_id in self.task_ids:
            task = self.find(task_id)
            times = (task.queued_at, task.started_at, task.finished_at)
            if task.status.is_final:
                assert is_in_order(*times), times
                facts = (task.status, task.progress, task.result, task.error, *times)
                assert self.final.setdefault(task_id, facts) == facts
            else:
                assert (task.finished_at, task.result) == (None, None)
            if task.status is Status.SUCCEEDED:
                assert task.result == self.effects[task_id]

    async def settle(self) -> None:
        """Wait until what was told before is kept."""


class MemoryMachine(StoreMachine):
    async def open(self) -> Store:
        return MemoryStore(Limits(), None, lambda task: None)


class FileMachine(StoreMachine):
    async def open(self) -> Store:
        path = self.folder / "queue.sqlite"
        store = SQLiteStore(path, Limits(), None, lambda task: None)
        await until("the store can be used", lambda: can_be_used(store))
        return store

    async def settle(self) -> None:
        await self.store.put_back("nobody")  # changes are made in their order


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenarios.ledger.record", lambda *facts, **more: None)


STEPS = settings(
    max_examples=15, stateful_step_count=30, deadline=None, derandomize=True, database=None
)
TestRecords = RecordMachine.TestCase
TestMemory = MemoryMachine.TestCase
TestFile = FileMachine.TestCase
TestRecords.settings = TestMemory.settings = TestFile.settings = STEPS
