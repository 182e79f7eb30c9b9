"""The record of a job through random steps: the scripts of 03 in a real Valkey."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from lab.approaches import ROOT
from lab.processes.stack import Stack

FINAL = {"succeeded", "failed", "cancelled"}
STATUSES = ["queued", "running", *sorted(FINAL)]
NUMBER = st.integers(0, 7)


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator["redis.Redis"]:
    with Stack(tmp_path_factory.mktemp("records")) as stack:
        stack.start_valkey()
        with redis.Redis.from_url(stack.redis_url, decode_responses=True) as client:
            yield client


class Records:
    """The transitions of `records.lua`, as a worker and the API call them."""

    def __init__(self, client: "redis.Redis") -> None:
        self.client = client
        self.script = client.register_script((ROOT / "03_celery" / "records.lua").read_text())

    def change(self, *arguments: str | float) -> Any:  # Any: what the script returns
        return self.script(args=list(arguments))

    def accept(
        self, task_id: str, *, retries: int = 0, deadline: str = "", key: str = "", asked: str = ""
    ) -> list[str]:
        return self.accept_all([task_id], retries=retries, deadline=deadline, key=key, asked=asked)

    def accept_all(
        self,
        task_ids: list[str],
        *,
        retries: int = 0,
        deadline: str = "",
        key: str = "",
        asked: str = "",
        planned: Sequence[str] = (),
        to: str = "",
    ) -> list[str]:
        plan = [fact for task_id in planned for fact in (task_id, "module.step")]
        facts = [
            fact
            for task_id in task_ids
            for fact in (task_id, "module.email", f"of {task_id}", "default", to, retries, "")
        ]
        request = (deadline, key, asked, "flow", len(planned))
        answer: list[str] = self.change("accept", *request, *plan, *facts)
        return answer

    def read(self, task_id: str) -> dict[str, str]:
        facts = self.client.hgetall(f"task:{task_id}")
        return {str(name): str(value) for name, value in facts.items()}


@pytest.fixture
def records(valkey: "redis.Redis") -> Records:
    valkey.flushdb()
    return Records(valkey)


class Machine(RuleBasedStateMachine):
    """Some jobs, their deliveries, and everything that may come between them in any order."""

    client: "redis.Redis"

    def __init__(self) -> None:
        super().__init__()
        self.client.flushdb()
        self.records = Records(self.client)
        self.names = itertools.count()
        self.ids: list[str] = []
        self.runs: list[tuple[str, str]] = []  # every run that was ever let go
        self.done: set[str] = set()  # the jobs whose effect has happened
        self.ended: dict[str, dict[str, str]] = {}  # the record of each job as it was at its end
        self.keys: dict[str, tuple[str, str]] = {}

    def pick(self, number: int) -> str:
        return self.ids[number % len(self.ids)] if self.ids else "unknown"

    @rule(key=st.sampled_from(["", "a", "b"]), asked=st.sampled_from(["x", "y"]))
    def accept(self, key: str, asked: str) -> None:
        task_id = f"task-{next(self.names)}"

        outcome, _, *owner = self.records.accept(task_id, key=key, asked=asked)

        earlier = self.keys.get(key)
        if key and earlier:
            assert (outcome, owner) == (
                ("same", [earlier[0]]) if earlier[1] == asked else ("reused", [])
            )
            return
        assert (outcome, owner) == ("taken", [task_id])
        self.ids.append(task_id)
        if key:
            self.keys[key] = (task_id, asked)

    @rule(number=NUMBER)
    def deliver(self, number: int) -> None:
        task_id, run = self.pick(number), f"run-{next(self.names)}"
        before = self.records.read(task_id)

        outcome, *_ = self.records.change("begin", task_id, run, 5)

        if not before or before["status"] in FINAL:
            assert outcome == before.get("status", "unknown")
        if outcome == "go":
            assert "wish" not in before
            self.runs.append((task_id, run))

    @rule(number=NUMBER)
    def lose_the_worker(self, number: int) -> None:
        self.client.zadd("tasks:running", {self.pick(number): 1}, xx=True)

    @rule(number=NUMBER, succeeds=st.booleans())
    def end(self, number: int, succeeds: bool) -> None:
        if not self.runs:
            return
        task_id, run = self.runs[number % len(self.runs)]
        if succeeds:
            self.done.add(task_id)
        status = "succeeded" if succeeds else "failed"
        self.records.change("close", task_id, run, status, f"meta of {run}", "")

    @rule(number=NUMBER)
    def try_again(self, number: int) -> None:
        if not self.runs:
            return
        task_id, run = self.runs[number % len(self.runs)]
        if known := self.records.read(task_id):
            self.records.accept(task_id, retries=int(known["retries"]) + 1)
        self.records.change("close", task_id, run, "queued", "meta", "an error")

    @rule(number=NUMBER, status=st.sampled_from(["failed", "cancelled", "queued"]))
    def main_process_speaks(self, number: int, status: str) -> None:
        self.records.change("close", self.pick(number), "", status, "meta", "an error")

    @rule(number=NUMBER, waiting_only=st.sampled_from([0, 1]))
    def cancel(self, number: int, waiting_only: int) -> None:
        before = self.records.read(self.pick(number)).get("status")

        outcome = self.records.change("cancel", self.pick(number), waiting_only)[0]

        expected = {"queued": "cancelled", "running": "running"}
        assert outcome == expected.get(before or "", "ended")

    @rule(number=NUMBER)
    def send_again(self, number: int) -> None:
        if known := self.records.read(self.pick(number)):
            self.records.accept(self.pick(number), retries=int(known["retries"]))

    @rule(number=NUMBER)
    def hear(self, number: int) -> None:
        self.records.change("hear", "worker", 2, 1, self.pick(number))

    @rule(number=NUMBER)
    def withdraw(self, number: int) -> None:
        task_id = self.pick(number)
        began = int(self.records.read(task_id).get("attempts", 1))

        self.records.change("withdraw", task_id)

        if not began and not self.records.read(task_id):
            self.forgotten(task_id)

    @rule()
    def sweep(self) -> None:
        ids = self.records.change("expired", 0, 100)
        self.records.change("forget", *ids)

        assert all(not self.records.read(task_id) for task_id in ids)
        for task_id in ids:
            self.forgotten(task_id)

    def forgotten(self, task_id: str) -> None:
        self.ids.remove(task_id)
        self.ended.pop(task_id, None)
        self.keys = {key: value for key, value in self.keys.items() if value[0] != task_id}

    @invariant()
    def final_is_final(self) -> None:
        for task_id in self.ids:
            record = self.records.read(task_id)
            if record["status"] in FINAL:
                assert record == self.ended.setdefault(task_id, record)
                assert record["status"] != "succeeded" or task_id in self.done
                assert "message" not in record

    @invariant()
    def times_are_in_order(self) -> None:
        for task_id in self.ids:
            record = self.records.read(task_id)
            times = [record.get(f"{name}_at") for name in ("queued", "started", "finished")]
            seconds = [float(each) for each in times if each]
            assert seconds == sorted(seconds)

    @invariant()
    def counts_equal_the_records(self) -> None:
        kept = {status: set(self.client.zrange(f"tasks:{status}", 0, -1)) for status in STATUSES}
        found = {status: set[str]() for status in STATUSES}
        for name in self.client.scan_iter("task:*"):
            found[str(self.client.hget(name, "status"))].add(str(name).removeprefix("task:"))

        assert kept == found
        assert set(self.client.zrange("tasks:open", 0, -1)) <= kept["queued"] | kept["running"]
        assert {name.removeprefix("key:") for name in self.client.scan_iter("key:*")} == set(
            self.keys
        )


def test_record_keeps_its_promises_through_random_steps(valkey: "redis.Redis") -> None:
    Machine.client = valkey
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_job_that_redis_reads_too_late_is_not_taken(records: Records) -> None:
    now = sum(part / scale for part, scale in zip(records.client.time(), (1, 1e6), strict=True))

    outcome, _ = records.accept_all(["late"], deadline=repr(now - 0.1), planned=["next"], to="list")

    assert outcome == "late"
    assert records.client.keys("*") == []


def test_messages_are_on_their_list_as_soon_as_their_jobs_are_taken(records: Records) -> None:
    records.accept("ended")
    records.change("close", "ended", "", "failed", "{}", "an error")

    answer = records.accept_all(["a", "ended", "b"], planned=["a", "b", "later"], to="list")

    assert answer[0] == "taken"
    assert answer[2:] == ["a", "b"]
    assert records.client.lrange("list", 0, -1) == ["of b", "of a"]
    assert records.client.lrange("jobs:flow", 0, -1) == ["a", "b", "later"]
    assert records.read("later")["status"] == "queued"
    assert "message" not in records.read("later")


def test_message_of_a_repeated_request_is_put_on_no_list(records: Records) -> None:
    for task_id, asked in (("first", "x"), ("again", "x"), ("other", "y")):
        records.accept_all([task_id], key="k", asked=asked, to="list")

    assert records.client.lrange("list", 0, -1) == ["of first"]
    assert sorted(records.client.keys("task:*")) == ["task:first"]


def test_job_that_a_repeated_request_was_promised_is_not_withdrawn(records: Records) -> None:
    for task_id, key in (("promised", "k"), ("refused", "other")):
        records.accept(task_id, key=key, asked="x")  # both clients are refused: the answer is late

    again = records.accept("again", key="k", asked="x")
    records.change("withdraw", "promised", "refused")  # as soon as Redis is heard again

    assert again[::2] == ["same", "promised"]
    assert records.client.keys("task:*") == ["task:promised"]


def test_second_delivery_waits_while_the_first_is_heard_of(records: Records) -> None:
    records.accept("twice")

    first = records.change("begin", "twice", "run-1", 5)
    again = records.change("begin", "twice", "run-1", 5)  # its answer was lost on the way
    second = records.change("begin", "twice", "run-2", 5)

    assert (first, again, second) == (["go", "1"], ["go", "1"], ["busy"])


def test_run_whose_job_was_given_to_another_one_has_no_say(records: Records) -> None:
    records.accept("moved")
    records.change("begin", "moved", "run-1", 5)
    records.client.zadd("tasks:running", {"moved": 1})
    records.change("begin", "moved", "run-2", 5)

    assert records.change("progress", "moved", "run-1", 50, "{}") == 0
    assert records.change("progress", "moved", "run-2", 50, "{}") == 1
    assert records.change("close", "moved", "run-1", "failed", "{}", "an error") == ""
    assert records.change("put_back", "moved", "run-1") == ""
    assert records.read("moved")["status"] == "running"
    assert records.change("close", "moved", "run-2", "succeeded", "{}", "") == "succeeded"
    assert records.read("moved")["status"] == "succeeded"


def test_run_that_gave_up_says_so_though_the_next_has_begun(records: Records) -> None:
    records.accept("retried")
    records.change("begin", "retried", "run-1", 5)
    records.accept("retried", retries=1)
    records.change("begin", "retried", "run-2", 5)

    assert records.change("close", "retried", "run-1", "failed", "{}", "an error") == ""
    assert records.change("close", "retried", "run-1", "queued", "{}", "an error") == "queued"
    assert records.read("retried")["status"] == "running"
    assert records.read("retried")["run"] == "run-2"


def test_copy_of_an_older_message_does_not_take_the_place_of_a_retry(records: Records) -> None:
    records.accept("retried")
    records.change("begin", "retried", "run-1", 5)
    records.accept("retried", retries=1)
    before = records.read("retried")

    assert records.accept("retried", retries=0)[2:] == []
    assert records.read("retried") == before
    assert records.accept("retried", retries=1)[2:] == ["retried"]  # a copy of the newest


def test_wish_to_cancel_is_granted_by_the_next_start(records: Records) -> None:
    records.accept("wished")
    records.change("begin", "wished", "run-1", 5)

    assert records.change("cancel", "wished", 0) == ["running"]
    assert records.read("wished")["status"] == "running"
    records.client.zadd("tasks:running", {"wished": 1})
    assert records.change("begin", "wished", "run-2", 5) == ["granted"]
    assert records.change("begin", "wished", "run-3", 5) == ["cancelled"]


def test_wish_to_cancel_is_granted_by_the_run_that_would_try_again(records: Records) -> None:
    records.accept("wished")
    records.change("begin", "wished", "run-1", 5)
    records.change("cancel", "wished", 0)

    assert records.accept_all(["wished"], retries=1, to="list")[2:] == []
    assert records.client.llen("list") == 0
    assert records.change("close", "wished", "run-1", "queued", "{}", "an error") == "cancelled"


def test_workers_that_were_killed_are_forgotten(records: Records) -> None:
    records.client.hset("workers", "killed@a", "2 1.5")
    records.change("hear", "alive@b", 2, 0)

    records.change("forget_workers", 10)

    assert records.client.hkeys("workers") == ["alive@b"]


@pytest.mark.parametrize(
    "step",
    [("cancel", 0), ("begin", "run-2", 0), ("close", "run-1", "queued", "{}", "an error")],
    ids=lambda step: step[0],
)
def test_step_that_a_full_redis_refuses_changes_nothing(
    records: Records, step: tuple[str, ...]
) -> None:
    records.accept("full")
    if step[0] == "close":
        records.change("begin", "full", "run-1", 5)
    before = dump(records.client)
    records.client.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            records.change(step[0], "full", *step[1:])
    finally:
        records.client.config_set("maxmemory", 0)

    assert dump(records.client) == before


def dump(client: "redis.Redis") -> dict[str, Any]:
    return {str(name): client.dump(name) for name in client.keys("*")}


def test_nothing_of_an_open_job_expires(records: Records) -> None:
    records.accept("open", key="k", asked="x")
    records.change("begin", "open", "run-1", 5)

    names = list(records.client.scan_iter("*"))

    assert {records.client.ttl(name) for name in names} == {-1}
    assert records.change("expired", 0, 100) == []


def test_workflow_is_remembered_until_its_last_job_is_forgotten(records: Records) -> None:
    records.accept_all([], planned=["first", "second"])
    for task_id in ("first", "second"):
        assert records.client.lrange("jobs:flow", 0, -1)[0] == task_id
        records.change("close", task_id, "", "failed", "{}", "an error")
        records.change("forget", task_id)

    assert records.client.keys("*") == []
