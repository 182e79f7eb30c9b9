"""Jobs by the clock, and the outbox that beat empties."""

import json
import shelve
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lab.errors import LabError
from lab.processes.part import Signal
from tests.recipes.celery_api import CeleryApi, count_lines
from tests.support.waiting import wait_until

EMAIL = {"to": "ann@example.com", "subject": "Your order: lamp", "body": "1 x lamp"}
OFTEN = {"RELAY_EVERY_S": "0.3", "BEAT_LOCK_S": "30"}


def order(celery_api: CeleryApi) -> tuple[str, str]:
    """Place an order; return the address of the customer and the id of the e-mail."""
    customer = f"{uuid4().hex}@example.com"
    answer = celery_api.http.post("/orders", json={"customer": customer, "product": "lamp"})
    assert answer.status_code == 202, answer.text
    return customer, str(answer.json()["task_id"])


def outbox(celery_api: CeleryApi, sql: str, *values: str) -> list[tuple[Any, ...]]:  # Any: SQL rows
    with closing(sqlite3.connect(celery_api.data_dir / "outbox.sqlite")) as database, database:
        return database.execute(sql, values).fetchall()


def test_jobs_that_nobody_took_in_time_are_dropped(celery_api: CeleryApi) -> None:
    with celery_api.beat(OFTEN) as beat:
        wait_until(
            "beat has sent six relays",
            lambda: count_lines(beat, "Sending due task relay-outbox"),
            lambda sent: sent >= 6,
        )
    sent = celery_api.depth("default")

    with celery_api.worker("late") as worker:
        wait_until("the queue is empty", lambda: celery_api.depth("default") == 0)
        celery_api.wait_until_done(celery_api.post_email())

        dropped = count_lines(worker, "Discarding revoked task")
        ran = count_lines(worker, r"relay_outbox\[.*succeeded")
    assert sent >= 6
    assert dropped + ran == sent
    assert ran <= 2


def test_order_is_queued_from_its_202_on(celery_api: CeleryApi) -> None:
    answer = celery_api.http.post("/orders", json={"customer": "eve@example.com", "product": "x"})

    [waiting] = celery_api.read(answer.json()["status_url"])
    [later] = celery_api.read(answer.json()["status_url"])
    with celery_api.worker("late"):
        [ended] = celery_api.jobs(answer)

    assert waiting["status"] == "queued"
    assert waiting == later
    assert ended["status"] == "succeeded"
    assert waiting["queued_at"] <= ended["queued_at"]
    assert celery_api.http.get("/orders/nobody").status_code == 404


def test_confirmation_belongs_to_the_request_of_its_order(celery_api: CeleryApi) -> None:
    given, wanted = ["shop-1", "shop-2"], {"customer": "fay@example.com", "product": "x"}
    orders = [
        celery_api.http.post("/orders", json=wanted, headers={"X-Request-ID": each})
        for each in given
    ]
    lines = [
        rf"\[request {each}\] Task \S+\.email\[{order.json()['task_id']}\] succeeded"
        for each, order in zip(given, orders, strict=True)
    ]

    with celery_api.worker("late") as worker:  # one relay publishes both
        wait_until("both are sent", lambda: all(count_lines(worker, line) for line in lines))

    assert [order.headers["X-Request-ID"] for order in orders] == given


def test_second_beat_refuses_to_start(celery_api: CeleryApi) -> None:
    with celery_api.beat(OFTEN) as beat:
        with pytest.raises(LabError, match="another beat is running: one is enough"):
            celery_api.stack.start_beat("second", env=OFTEN)

        assert beat.alive
        assert celery_api.stack.parts["second"].wait_exit() == 1
        assert "Traceback" not in celery_api.stack.parts["second"].log_text()
    del celery_api.stack.parts["second"]


def test_beat_that_ended_makes_room_at_once_and_one_that_crashed_soon(
    celery_api: CeleryApi,
) -> None:
    with celery_api.beat(OFTEN) as beat:
        beat.term()
        assert beat.wait_exit() == 0
        beat.restart()

        beat.kill9()
        with pytest.raises(LabError, match=r"this one can start in 30 s"):
            beat.restart()
        celery_api.let_expire("beat")  # as it does by itself after 30 s
        beat.restart()


def test_date_that_was_set_back_stops_no_schedule(celery_api: CeleryApi) -> None:
    with celery_api.beat(OFTEN) as beat:
        wait_until("it has begun", lambda: count_lines(beat, "Sending due task relay-outbox"))
        beat.term()
        assert beat.wait_exit() == 0
        with shelve.open(str(celery_api.data_dir / "beat"), writeback=True) as noted:
            noted["entries"]["relay-outbox"].last_run_at += timedelta(hours=1)
        sent = count_lines(beat, "Sending due task relay-outbox")

        beat.restart()
        wait_until(
            "it goes on",
            lambda: count_lines(beat, "Sending due task relay-outbox"),
            lambda seen: seen > sent,
        )


def test_beat_that_is_ended_while_it_sends_ends_cleanly(
    celery_api: CeleryApi, tmp_path: Path
) -> None:
    # What a broker's connection does that is closed by the signal while it reads: its own error
    # takes the place of SystemExit, and beat would go on with a closed schedule.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal\n"
        "from celery.signals import before_task_publish\n"
        "@before_task_publish.connect(weak=False)\n"
        "def end(**_):\n"
        "    try: os.kill(os.getpid(), signal.SIGTERM)\n"
        "    except SystemExit: raise ValueError('I/O operation on closed file')\n"
    )
    with celery_api.beat(OFTEN | {"PYTHONPATH": str(tmp_path)}) as beat:
        assert beat.wait_exit() == 0
        assert "I/O operation on closed file" in beat.log_text()


def test_beat_ends_cleanly_without_its_broker(celery_api: CeleryApi) -> None:
    valkey = celery_api.stack.parts["valkey"]
    with celery_api.beat(OFTEN) as beat:
        valkey.send(Signal.SIGSTOP)
        try:
            beat.term()
            assert beat.wait_exit() == 0
        finally:
            valkey.send(Signal.SIGCONT)
        assert "the lock ends by itself in 30 s" in beat.log_text()
    celery_api.let_expire("beat")


def test_beat_goes_on_when_the_broker_comes_back(celery_api: CeleryApi) -> None:
    valkey = celery_api.stack.parts["valkey"]
    with celery_api.beat(OFTEN) as beat:
        valkey.kill9()
        # It notices when it renews its lock, or when it sends, whichever comes first.
        signs = ("cannot be renewed", "Trying again")
        wait_until("beat has missed it", lambda: any(sign in beat.log_text() for sign in signs))
        valkey.restart()
        celery_api.take_from("default")

        # Its pauses between two tries grow by 2 s each.
        wait_until("beat sends again", lambda: celery_api.take_from("default"), timeout_s=60)


def test_order_placed_while_the_broker_is_down_is_confirmed_later(celery_api: CeleryApi) -> None:
    valkey = celery_api.stack.parts["valkey"]
    valkey.kill9()
    try:
        customer, task_id = order(celery_api)
        # Committed, and not published: this is where a crash loses jobs.
        celery_api.part.kill9()
    finally:
        valkey.restart()
        celery_api.part.restart()
    assert outbox(celery_api, "SELECT task_id FROM outbox") == [(task_id,)]

    with celery_api.worker("relaying"), celery_api.beat(OFTEN):
        celery_api.wait_until_done(task_id)

    assert celery_api.inbox.task_ids_sent_to(customer) == [task_id]
    assert outbox(celery_api, "SELECT task_id FROM outbox") == []


def test_order_is_confirmed_without_waiting_for_the_clock(celery_api: CeleryApi) -> None:
    with celery_api.worker("relaying"):
        customer, task_id = order(celery_api)
        celery_api.wait_until_done(task_id)

    assert len(celery_api.inbox.sent_to(customer)) == 1


def test_message_that_is_relayed_twice_has_one_effect(celery_api: CeleryApi) -> None:
    with celery_api.worker("relaying"):
        customer, task_id = order(celery_api)
        celery_api.wait_until_done(task_id)
        # What a crash leaves between the publishing and the DELETE.
        email = {"to": customer, "subject": "Your order: lamp", "body": "1 x lamp\n"}
        insert = "INSERT INTO outbox VALUES (?, ?, 0)"
        wait_until("it is relayed", lambda: not outbox(celery_api, "SELECT * FROM outbox"))
        outbox(celery_api, insert, task_id, json.dumps(email))

        relay = celery_api.job(celery_api.http.post("/schedule/relay-outbox/run"))

    assert relay["status"] == "succeeded"
    assert len(celery_api.log_of(task_id, "started")) == 1
    assert len(celery_api.inbox.sent_to(customer)) == 1
    assert outbox(celery_api, "SELECT * FROM outbox") == []


def test_lease_of_another_relay_is_respected(celery_api: CeleryApi) -> None:
    with celery_api.worker("relaying"):
        _, task_id = order(celery_api)
        celery_api.wait_until_done(task_id)
        wait_until("it is relayed", lambda: not outbox(celery_api, "SELECT * FROM outbox"))
        outbox(celery_api, "INSERT INTO outbox VALUES ('leased', '{}', unixepoch() + 20)")
        # Since then the date was set back by an hour: this lease has ended long ago.
        back = "INSERT INTO outbox SELECT ?, ?, unixepoch() + 3600"
        again = str(uuid4())
        outbox(celery_api, back, again, json.dumps(EMAIL))

        celery_api.job(celery_api.http.post("/schedule/relay-outbox/run"))
        celery_api.wait_until_done(again)

    assert outbox(celery_api, "DELETE FROM outbox RETURNING task_id") == [("leased",)]
