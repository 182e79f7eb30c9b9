"""Each claim is a test named by its id: `-k c14`; `--record` writes what all of them measured."""

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.approaches import ROOT
from lab.results import to_json
from site_making.claims import (
    MEASURED,
    Measured,
    explain,
    load_claims,
    load_measurements,
    measure_now,
)
from tests.claims.on_celery.broker import Broker, open_broker

from .serving import Server, serve

Saw = Callable[[str], None]
CLAIM = re.compile(r"::test_(c\d\d)_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help=f"write {MEASURED}")


def pytest_configure(config: pytest.Config) -> None:
    # With pytest-xdist the tests run in other processes, which have nothing to write.
    if config.getoption("--record", default=False) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder())


class Recorder:
    """Collects what the tests saw, and writes it if all of them passed."""

    def __init__(self) -> None:
        self.seen: dict[str, Measured] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        claim = CLAIM.search(report.nodeid)
        if claim and report.when == "call":
            measured = self.seen.setdefault(claim[1].upper(), Measured())
            measured.tests.append(report.nodeid)
            measured.saw += [str(text) for name, text in report.user_properties if name == "saw"]

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        claims = load_claims()
        if exitstatus or self.seen.keys() != claims.keys():
            count = f"{len(self.seen)} of {len(claims)} claims were measured"
            terminalreporter.write_line(f"{MEASURED} is unchanged: {count}, exit code {exitstatus}")
        else:
            text = to_json(measure_now(self.seen).model_dump())
            (ROOT / MEASURED).write_text(text, encoding="utf-8")
            terminalreporter.write_line(f"wrote {MEASURED}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell beside a failure which releases may have changed the outcome."""
    report = yield
    claim = CLAIM.search(item.nodeid)
    if claim and report.failed and (ROOT / MEASURED).exists():
        name = claim[1].upper()
        report.sections.append((name, explain(load_claims()[name], load_measurements())))
    return report


@pytest.fixture
def saw(request: pytest.FixtureRequest) -> Saw:
    """Note a sentence on what was measured, for the page."""
    return lambda text: request.node.user_properties.append(("saw", text))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the app of background tasks once for a file of tests."""
    with serve(tmp_path_factory.mktemp("server"), "background") as server:
        yield server


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Run an embedded Valkey once for a file of tests."""
    with open_broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
def broker(valkey: Broker, tmp_path: Path) -> Broker:
    """Return the broker of the file, empty, with gates that are shut."""
    valkey.redis.flushall()
    return replace(valkey, gates=tmp_path)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
