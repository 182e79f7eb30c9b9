"""`lab run` shows where everything is, restarts what is killed, and ends in order."""

import signal
from collections.abc import Callable

import httpx
import psutil
import pytest

from tests.support.programs import run_program
from tests.support.stand_ins import running
from tests.support.waiting import wait_until

from .conftest import LabRun


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_killed_app_is_started_again_and_all_ends_in_order(
    start: Callable[[str], LabRun], number: signal.Signals
) -> None:
    run = start("01")
    url, first = run.url("Swagger UI"), run.pid_of("api")

    psutil.Process(first).kill()

    run.wait_for_line(f"api (process {first}) was killed by signal 9. No job was open.")
    wait_until("another process", lambda: run.pid_of("api"), lambda pid: pid != first)
    assert httpx.get(f"{url}/healthz").status_code == 200
    pids = run.process.below()

    run.send(number)

    run.wait_for_line("Stopping")
    assert run.process.wait(30) == 0
    assert running(pids) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["lab", "run", "05"], "lab: unknown approach '05': it is one of 01_background_tasks, "),
        (
            ["lab", "run", "01", "--data-dir", "/dev/null/x"],
            "lab: cannot write to the folder '/dev/null/x'",
        ),
        (
            # The folder is not made for what cannot be measured.
            ["lab", "compare", "--only", "05", "--out", "/dev/null/x"],
            "lab: unknown approach '05': it is one of 01_background_tasks, ",
        ),
        (
            ["lab", "survival", "--fault", "earthquake", "--out", "/dev/null/x"],
            "lab: unknown fault 'earthquake': it is one of kill9_api, ",
        ),
        (["lab", "zzz"], "lab: no such command 'zzz'; --help shows"),
        (["lab", "rum"], "lab: no such command 'rum'. Did you mean 'run'? --help shows"),
        (["lab", "run"], "lab: missing argument 'approach'; --help shows"),
        (["lab", "compare", "zzz"], "lab: 'zzz' is too much; --help shows"),
        (["lab", "run", "01", "zzz", "yyy"], "lab: 'zzz yyy' is too much; --help shows"),
        (["lab", "mailbox", "--smtp-port", "x"], "lab: invalid value for '--smtp-port': "),
        (["workshop", "doctor", "zzz"], "workshop: 'zzz' is too much; --help shows"),
        (["workshop", "zzz"], "workshop: no such command 'zzz'; --help shows"),
        (["bench", "--zzz"], "bench: no such option: --zzz"),
        (["site_making", "zzz"], "tables: 'zzz' is too much; --help shows"),
    ],
)
def test_mistake_ends_in_one_sentence(words: list[str], sentence: str) -> None:
    done = run_program(words)

    assert done.returncode == 2
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
