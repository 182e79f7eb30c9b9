"""Start each approach once: `-k 03_celery` picks one, `-n 4` runs the four side by side."""

import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from lab.processes import part
from lab.processes.stack import Stack
from tests.support.by_approach import ByApproach
from tests.support.forks import Forker
from tests.support.receiver import Receiver, receive
from tests.support.running import APPROACHES, ENV, WEBHOOKS, Running
from tests.support.site import FOR_FOLDERS, REPOSITORY, build


@pytest.fixture(scope="session", autouse=True)
def forks() -> Iterator[None]:
    """Let the apps of the tests start as forks, which costs a quarter of a new Python."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup make test` ignores it, and so would apps
    before = part.start_process
    with Forker() as forker:
        part.start_process = forker.start
        yield
    part.start_process = before


@pytest.fixture(scope="session")
def webhooks() -> Iterator[Receiver]:
    with receive() as receiver:
        yield receiver


@pytest.fixture(scope="session", params=APPROACHES)
def running(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    webhooks: Receiver,
) -> Iterator[Running]:
    """Start one approach and all it needs, on free ports and in its own folder."""
    env = ENV | {"WEBHOOK_URL": webhooks.url + WEBHOOKS}
    with (
        Stack(tmp_path_factory.mktemp(request.param), env=env) as stack,
        Running.opened(stack, request.param, webhooks) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def small(running: Running) -> Iterator[Running]:
    """Start a second API of the same approach, with room for three jobs."""
    env = {"MAX_RUNNING": "3", "QUEUE_WORKERS": "1", "QUEUE_SIZE": "2"}
    with running.another("small", env) as small:
        yield small


@pytest.fixture(scope="session")
def second(running: Running) -> Iterator[Running]:
    """Start a second API of the same approach on the same data, as `--workers 2` does."""
    with running.another("second", {"DATA_DIR": str(running.data_dir)}) as second:
        yield second


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as a server gives it, with addresses as on GitHub."""
    return build(tmp_path_factory.mktemp("site"), repository=REPOSITORY)


@pytest.fixture(scope="session")
def folder_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as it opens from a folder."""
    return build(tmp_path_factory.mktemp("site-folder"), *FOR_FOLDERS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let no test be skipped where CI is set: what a machine may lack is installed there."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.sections.append(("CI", "nothing is skipped where CI is set: see .ci/run"))
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByApproach:
    """Let `-n 4` give each worker an approach of its own."""
    return ByApproach(config, log)
