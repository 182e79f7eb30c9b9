"""What watches a lane during a run misses nothing, and ends without an error."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx

from lab.live.beats import Beats
from lab.live.watch import Watcher
from lab.processes.part import Part
from lab.survival.running_column import RunningColumn

MAIL = {"number": 1, "to": "ann@example.com", "subject": "Hello", "task_id": "a"}


def test_mail_that_arrives_before_the_202_is_seen_is_told_of_with_it(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    def emit(kind: str, at: float | None, **facts: Any) -> None:  # Any: as of each event
        told.append((kind, facts.get("task", "")))

    watcher = Watcher(make_running(tmp_path), emit)
    watcher._http = httpx.Client(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, json=[MAIL]))
    )
    watcher._look(mail=True)
    assert ("mail", "a") not in told

    watcher.know("a")

    assert told.count(("mail", "a")) == 1


def make_running(folder: Path) -> RunningColumn:
    """Return as much of a column as is looked at: an API and a mail server that never ran."""
    parts = {name: SimpleNamespace(pid=1, alive=True, url="http://mail") for name in "am"}
    app, mailbox = (cast(Part, parts[name]) for name in "am")
    column = SimpleNamespace(approach=SimpleNamespace(name="a"), has_worker=False)
    stack = SimpleNamespace(parts={"mailbox": mailbox})
    running = SimpleNamespace(stack=stack, app=app, mailbox=mailbox, column=column, data_dir=folder)
    return cast(RunningColumn, running)


def test_run_that_outlasts_the_page_may_still_ask_for_no_beats() -> None:
    beats = Beats()
    beats.close()

    beats.ask({})
