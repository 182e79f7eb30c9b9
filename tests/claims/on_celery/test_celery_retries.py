"""Retries, arguments and eager mode of Celery; the outcome depends on Celery and kombu."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, Task
from celery.exceptions import MaxRetriesExceededError
from kombu.exceptions import EncodeError
from pydantic import BaseModel

from tests.claims.conftest import Saw

from .broker import Broker

waits: list[float] = []
ran: list[int] = []
app = Celery(broker="memory://", backend="cache+memory://", set_as_current=False)
app.conf.update(task_max_retries=1, task_default_retry_delay=0.1)


class Observed(Task[Any, Any]):
    """Notes how long each retry would wait; eager mode does not wait."""

    abstract = True

    def retry(self, *args: Any, **options: Any) -> Any:  # Any: as Celery has it
        waits.append(options.get("countdown", self.default_retry_delay))
        return super().retry(*args, **options)


def fail(task: Task[Any, Any]) -> None:
    ran.append(1)
    raise OSError("the task's own error")


def retry_without_cause(task: Task[Any, Any]) -> None:
    ran.append(1)
    raise task.retry(countdown=0)


def make_task(name: str, run: Any = fail, **options: Any) -> Any:  # Any: Celery's
    usual: dict[str, Any] = {"bind": True, "base": Observed, "autoretry_for": (OSError,)}
    make: Any = app.task(name=name, **usual | options)
    return make(run)


def run_eagerly(task: Any) -> Any:  # Any: Celery's
    ran.clear()
    waits.clear()
    return task.apply()


def test_c37_limit_of_retries_in_the_configuration_does_nothing(saw: Saw) -> None:
    run_eagerly(make_task("c37"))

    assert app.conf.task_max_retries == 1  # accepted in silence
    assert len(ran) == 4
    assert waits[0] == 180
    saw(
        f"task_max_retries=1 is accepted in silence: {len(ran)} executions, the default. A retry"
        f" waits {waits[0]} s, not the 0.1 s of task_default_retry_delay."
    )


def test_c48_backoff_is_random_below_the_exponential_limits(saw: Saw) -> None:
    exact = make_task("c48-exact", retry_backoff=True, retry_jitter=False, default_retry_delay=60)
    random = make_task("c48-random", retry_backoff=True)

    run_eagerly(exact)
    exactly = waits[:3]
    drawn = []
    for _ in range(50):
        run_eagerly(random)
        drawn.append(waits[:3])

    assert exactly == [1, 2, 4]
    assert all(
        wait <= limit for three in drawn for wait, limit in zip(three, [1, 2, 4], strict=True)
    )
    assert len({tuple(three) for three in drawn}) > 1
    examples = ", ".join("/".join(map(str, three)) for three in drawn[:3])
    saw(f"Without jitter 1/2/4 s and never the delay of 60 s; by default {examples} s.")


def test_c48_retry_without_exc_loses_the_cause(saw: Saw) -> None:
    with_cause = run_eagerly(make_task("c48-cause"))
    without = run_eagerly(make_task("c48-no-cause", retry_without_cause))

    assert str(with_cause.result) == "the task's own error"
    assert isinstance(without.result, MaxRetriesExceededError)
    saw("At the end autoretry gives the task's own error, retry() without exc= its own.")


def say_ran(argument: object) -> str:
    return "ran"


def test_c57_eager_delay_finds_what_cannot_be_serialized(saw: Saw) -> None:
    eager = Celery(broker="memory://", set_as_current=False)
    eager.conf.task_always_eager = True
    task = eager.task(name="c57")(say_ran)

    with pytest.raises(EncodeError):
        task.delay({1, 2})
    assert task.apply(({1, 2},)).result == "ran"
    saw("Eager .delay() of a set raised EncodeError; .apply() still hides it.")


class User(BaseModel):
    name: str


def test_c54_arguments_that_cannot_be_sent(saw: Saw) -> None:
    for argument in (User(name="Ann"), {1, 2}):
        with pytest.raises(EncodeError, match="is not JSON serializable"):
            app.send_task("show", [argument])
    saw("A Pydantic model and a set: EncodeError at the caller.")


def test_c54_arguments_that_arrive_otherwise(broker: Broker, saw: Saw) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    with broker.worker():
        seen = [
            broker.send("show", argument).get(timeout=20)
            for argument in (now, b"bytes", (1, 2), {1: "one"})
        ]
        coroutine = broker.send("coroutine")
        coroutine.get(timeout=20, propagate=False)

    assert seen == [repr(now), "b'bytes'", "[1, 2]", "{'1': 'one'}"]
    assert coroutine.state == "FAILURE"
    assert "coroutine is not JSON serializable" in str(coroutine.result)
    saw(
        "A datetime and bytes arrived as they were, a tuple as a list, the int keys of a dict as"
        " strings. An async def task: FAILURE, “coroutine is not JSON serializable”."
    )


def test_c55_task_queued_before_the_commit_finds_nothing(
    broker: Broker, tmp_path: Path, saw: Saw
) -> None:
    path, found = tmp_path / "users.sqlite", list[tuple[bool, bool]]()
    with closing(sqlite3.connect(path)) as database, broker.worker():
        database.execute("CREATE TABLE users (id INTEGER)")
        database.commit()
        for user in range(10):
            database.execute("INSERT INTO users VALUES (?)", [user])
            before = broker.send("look-up", str(path), user).get(timeout=20)
            database.commit()
            after = broker.send("look-up", str(path), user).get(timeout=20)
            found.append((before, after))

    assert found == [(False, True)] * 10
    saw("Queued and run before the commit: 10 of 10 found no row; after it: 10 of 10 found it.")
