"""A report: progress on the way, and a PDF that adds up."""

import time
from decimal import Decimal
from io import BytesIO

from pypdf import PdfReader

from lab.load.samples import make_orders
from scenarios.contract import Status
from tests.support.client import accepted_id
from tests.support.running import Running
from tests.work.test_order_files import SAME, encode


def test_report_adds_up_to_the_total_of_the_orders(running: Running) -> None:
    orders = make_orders(500)

    task_id = accepted_id(running.api.post_report(orders.csv, "März in Zürich"))
    task = running.api.wait_until_final(task_id)
    download = running.api.read_result(task_id)

    assert task.status is Status.SUCCEEDED, task.error
    assert task.result is not None
    assert (task.result["orders"], task.result["total"]) == (orders.rows, str(orders.total))
    assert running.count_orders(task_id) == orders.rows
    assert sum(map(Decimal, task.result["regions"].values())) == orders.total
    assert download.headers["content-type"] == "application/pdf"
    assert task.result["size_bytes"] == len(download.content)
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(download.content)).pages)
    assert f"{orders.total:,}" in text


def watch_progress(running: Running) -> list[int]:
    """Ask for the progress of a report without a pause, and return every answer."""
    task_id = accepted_id(running.api.post_report(make_orders(20_000).csv))
    deadline = time.monotonic() + 30
    seen = [running.api.read_task(task_id)]
    while not seen[-1].status.is_final and time.monotonic() < deadline:
        seen.append(running.api.read_task(task_id))
    return [task.progress for task in seen]


def test_progress_of_a_report_is_seen_rising(running: Running) -> None:
    answers: list[list[int]] = []
    between: set[int] = set()

    # A busy machine may leave no time for a look between two steps of one report.
    while len(between) < 2 and len(answers) < 5:
        answers.append(watch_progress(running))
        between |= set(answers[-1]) - {0, 100}

    for seen in answers:
        assert seen == sorted(seen)
        assert set(seen) <= {0, 25, 50, 75, 100}
        assert seen[-1] == 100
    assert len(between) >= 2, answers


def test_orders_of_another_program_add_up_to_the_same(running: Running) -> None:
    orders = encode(SAME["all of it"]())

    task = running.api.wait_until_final(accepted_id(running.api.post_report(orders)))

    assert task.status is Status.SUCCEEDED, task.error
    assert task.result is not None
    assert (task.result["orders"], task.result["total"]) == (2, "5.00")
    assert task.result["regions"] == {"Zürich": "4.50", "Łódź": "0.50"}
