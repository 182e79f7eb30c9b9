"""Each fault on each approach: what is said to be lost is lost, and what is kept is kept."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from lab.survival.cell import Cell, find_difference, find_faults_of
from lab.survival.columns import load_columns
from lab.survival.faults import FAULTS
from lab.survival.faults.fault import API
from lab.survival.trial import Trial

from .trials import Cells, try_side_by_side

COLUMNS = load_columns()
# Where the worker is not what is broken, Celery's default settings change nothing.
SAME_BY_DEFAULT = {
    fault.name
    for fault in FAULTS.values()
    if fault.hits == API and fault.name not in ("job_kills_process", "job_never_ends")
}
# By what they need: a column starts its processes anew where the next fault needs something else.
IN_ORDER = sorted(FAULTS, key=lambda name: FAULTS[name].needs)
TRIALS = [
    pytest.param(column, fault, id=f"{column}-{fault}")
    for column in COLUMNS
    for fault in IN_ORDER
    if fault in COLUMNS[column].survives
    and not (COLUMNS[column].is_default and fault in SAME_BY_DEFAULT)
]


@pytest.fixture(scope="session")
def try_column(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Cells]]:
    """Start all chosen trials of a column; those of the column before it have ended."""
    tried: dict[str, Cells] = {}
    with ExitStack() as opened:

        def try_it(name: str) -> Cells:
            if name not in tried:
                opened.close()
                faults = find_chosen_faults(request.session.items, name)
                trials = try_side_by_side(COLUMNS[name], faults, tmp_path_factory.mktemp(name))
                tried[name] = opened.enter_context(trials)
            return tried[name]

        yield try_it


class FakeApi(httpx.BaseTransport):
    """Gives each answer once, in their order."""

    def __init__(self, answers: list[httpx.Response | Exception]) -> None:
        self.answers = answers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def make_running() -> Any:  # Any: as much of a RunningColumn as a trial needs to ask its API
    mail = SimpleNamespace(delivered=list)
    app = SimpleNamespace(url="http://127.0.0.1:1")
    return SimpleNamespace(column=None, mail=mail, receiver=None, app=app)


def find_chosen_faults(items: Iterable[pytest.Item], column: str) -> list[str]:
    """Return the faults of the tests that pytest was asked to run."""
    trials = [item.callspec.params for item in items if hasattr(item, "callspec")]
    return [each["fault"] for each in trials if each.get("column") == column and "fault" in each]


@pytest.mark.parametrize(("column", "fault"), TRIALS)
def test_fault_does_what_is_promised_and_nothing_worse(
    try_column: Callable[[str], Cells], column: str, fault: str
) -> None:
    cell = try_column(column)[fault].result()
    if cell.why_not:
        pytest.skip(cell.why_not)

    assert find_difference(cell, COLUMNS[column].survives[fault]) is None
    assert find_faults_of(cell) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_every_fault_has_a_promise_or_a_reason(column: str) -> None:
    promised = COLUMNS[column].survives

    for fault in FAULTS.values():
        reason = fault.why_not(COLUMNS[column])
        assert bool(reason) is not (fault.name in promised), fault.name
    assert promised.keys() <= FAULTS.keys()


def test_outcome_names_each_count_that_should_be_none() -> None:
    cell = Cell("kill9_worker", "03_celery", accepted=8, lost=2, late=6)

    assert cell.outcome == "lost 2, late 6"
    assert Cell("kill9_api", "03_celery", accepted=8, finished=8, run_twice=2).outcome == "kept"


@pytest.mark.parametrize("promise", ["kept", "lost 3, late 6", "lost", "lost 2, late 6, twice"])
def test_other_outcome_than_promised_is_a_sentence(promise: str) -> None:
    cell = Cell("kill9_worker", "03_celery", accepted=8, lost=2, late=6)

    difference = find_difference(cell, promise)

    assert difference is not None
    assert promise in difference
    assert "lost 2, late 6" in difference
    assert find_difference(cell, "late, lost 2") is None


def test_api_that_cannot_tell_of_a_task_is_asked_again() -> None:
    answers: list[httpx.Response | Exception] = [
        httpx.Response(503),
        httpx.ReadError("the connection was closed"),
        httpx.Response(200, json={"status": "queued"}),
        httpx.Response(404),
    ]
    trial = Trial(make_running(), FakeApi(answers))

    first, second = trial.read("1"), trial.read("2")

    assert first == {"status": "queued"}
    assert second == {}
    assert answers == []


def test_lost_job_leaves_a_trace_in_the_sentence_about_it() -> None:
    trace = "4711: queued, ledger: accepted"
    cell = Cell("sigint_api", "03_celery", accepted=8, finished=7, lost=1, traces=[trace])

    difference = find_difference(cell, "kept")

    assert difference == f"03_celery, sigint_api: promised 'kept', seen 'lost 1'; {trace}"


def test_job_that_is_unaccounted_for_is_named() -> None:
    cell = Cell("kill9_api", "03_celery", accepted=8, finished=7)

    assert find_faults_of(cell) == ["03_celery, kill9_api: 8 accepted, 7 accounted for"]
