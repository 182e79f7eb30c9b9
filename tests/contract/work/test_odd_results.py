"""A job returns a JSON object, or None; with anything else its task fails, and says why."""

from contextlib import closing
from pathlib import Path

import pytest

from lab.processes.stack import Stack
from tests.support.client import Api, accepted_id
from tests.support.running import APPROACHES

# Takes the place of the e-mail in every process of an approach: the subject is its result.
SITECUSTOMIZE = """
from datetime import date
from scenarios import WORK

async def give(task_id, subject, report_progress, **_):
    report_progress(0)
    return eval(subject)

WORK["email"] = give
"""
GOOD = {
    "None": None,
    "{'sent': [1, 2.5, None, 'ä', {'x': True}]}": {"sent": [1, 2.5, None, "ä", {"x": True}]},
    "{'on': date(2026, 11, 26)}": {"on": "2026-11-26"},
    "{'mean': float('nan')}": {"mean": None},
}
BAD = [
    "[1, 2]",
    "'done'",
    "3",
    "{1: 2}",
    "{'no value of JSON': object()}",
    "{'half a character': chr(0xD800)}",
    "{'no UTF-8': bytes([255])}",
    "[circle := {}, circle.update(itself=circle)][0]",
]


@pytest.mark.parametrize("name", APPROACHES)
def test_result_that_no_client_could_read_fails_the_task(name: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    with (
        Stack(tmp_path / "var", env={"PYTHONPATH": str(tmp_path)}) as stack,
        closing(Api(stack.start(name, without={"mailbox"}).url)) as api,
    ):
        ids = {each: accepted_id(api.post_email(subject=each)) for each in (*GOOD, *BAD)}
        ended = {each: api.wait_until_final(task_id) for each, task_id in ids.items()}

    found = {each: task.result for each, task in ended.items() if task.status == "succeeded"}
    assert found == GOOD
    failed = [ended[each] for each in BAD]
    assert [(task.status, task.attempts) for task in failed] == [("failed", 1)] * len(BAD)
    errors = [str(task.error) for task in failed]
    assert all(error.startswith("the job returned no JSON object: ") for error in errors), errors
