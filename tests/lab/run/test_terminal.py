"""What `lab run` prints: short lines, what became of the jobs of a killed process, addresses."""

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.open_jobs import OpenJobs, count_ends, find_open_jobs, in_words
from lab.run import choose_grace_s
from lab.screen import HIDDEN, shorten
from tests.support.waiting import wait_until

from .conftest import LabRun

ID = "01a21869-addb-761a-80fd-1cdb60d46b3d"


def write_ledger(folder: Path, *events: tuple[str, str]) -> None:
    """Write events, each a name and a task id, one second apart."""
    lines = [json.dumps({"t": t, "event": e, "task_id": i}) for t, (e, i) in enumerate(events)]
    (folder / "ledger.jsonl").write_text("\n".join(lines) + "\n")


def test_killed_api_of_01_loses_its_jobs_and_the_screen_says_so(
    start: Callable[[str], LabRun],
) -> None:
    run = start("01")
    run.post_slow_emails(2, delay_s=60)

    os.kill(run.pid_of("api"), signal.SIGKILL)

    run.wait_for_line("was killed by signal 9. 2 jobs were running: lost.")
    wait_until("the addresses again", lambda: sum("Swagger UI" in each for each in run.lines) == 2)
    again = run.lines[[i for i, each in enumerate(run.lines) if "Swagger UI" in each][1] :]
    assert [each.split()[0] for each in again[:4]] == ["Swagger", "Inbox", "Data,", "Processes"]
    run.send(signal.SIGINT)
    run.wait_for_line("Stopping. No job is open.")
    assert run.process.wait(40) == 0

    later = start("01")
    later.wait_for_line("Ctrl-C here ends all of it")
    assert not [line for line in later.lines if "Kept from before" in line]


def test_killed_worker_of_03_gives_its_jobs_back_when_the_screen_says(
    start: Callable[[str], LabRun],
) -> None:
    run = start("03")
    run.post_slow_emails(2, delay_s=4)

    os.kill(run.pid_of("worker"), signal.SIGKILL)

    said = run.wait_for_line("was killed by signal 9. 2 jobs were running: kept.")
    seconds = int(re.findall(r"run again in about (\d+) s", said)[0])
    assert 1 <= seconds <= 9  # VISIBILITY_TIMEOUT_S
    wait_until("both are done", lambda: run.count("finished") == 2, timeout_s=60)
    banner = [line for line in run.lines if "[tasks]" in line or "mingle" in line]
    assert banner == []
    assert sum("Flower" in line for line in run.lines) == 2


WORKER = "[2026-11-26 15:12:05,656: INFO/ForkPoolWorker-2]"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"INFO [{ID}] scenarios.status: email started", "[…d46b3d] email started"),
        ('INFO:     127.0.0.1:54134 - "GET /tasks/1 HTTP/1.1" 404', '"GET /tasks/1 HTTP/1.1" 404'),
        (
            f"{WORKER} Task a.b[{ID}] succeeded in 8.0613s: {{}}",
            "Task a.b[…d46b3d] succeeded in 8.06 s",
        ),
        (f"{WORKER.replace('INFO', 'WARNING')} not now", "WARNING: not now"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
    ],
)
def test_log_line_is_shortened(line: str, shown: str) -> None:
    assert shorten(line) == shown


def test_only_noise_is_hidden() -> None:
    noise = [
        "",
        'INFO:     127.0.0.1:1 - "GET /healthz HTTP/1.1" 200 OK',
        "INFO:     Application startup complete.",
    ]
    news = [
        'INFO:     127.0.0.1:1 - "GET /healthz HTTP/1.1" 503 Service Unavailable',
        "INFO:     Waiting for background tasks to complete. (CTRL+C to force quit)",
        "ERROR:    Application startup failed. Exiting.",
    ]

    assert [line for line in noise if not HIDDEN.search(line)] == []
    assert [line for line in news if HIDDEN.search(line)] == []


def test_open_jobs_are_those_that_wait_or_run(tmp_path: Path) -> None:
    write_ledger(
        tmp_path,
        *[("accepted", each) for each in "abcd"],
        *[("started", each) for each in "abc"],
        ("finished", "a"),
        ("retried", "b"),
        ("effect", "c"),
    )

    jobs = find_open_jobs(tmp_path)

    assert (jobs.running, jobs.waiting) == ({"c": 6}, {"b", "d"})
    assert jobs.without({"b", "c", "d"}) == OpenJobs()
    assert count_ends(tmp_path, "abc") == {"finished": 1, "open": 2}


@pytest.mark.parametrize(
    ("running", "waiting", "words"),
    [
        (1, 0, "1 job was running"),
        (3, 2, "3 jobs were running, 2 waiting"),
        (0, 1, "1 job was waiting"),
    ],
)
def test_numbers_of_jobs_are_read_as_a_sentence(running: int, waiting: int, words: str) -> None:
    jobs = OpenJobs({str(n): 0.0 for n in range(running)}, {f"w{n}" for n in range(waiting)})

    assert in_words(jobs) == words


def test_stop_waits_longer_than_the_apps_give_their_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRAIN_S", "60")
    assert choose_grace_s() > 60

    monkeypatch.setenv("DRAIN_S", "soon")
    assert choose_grace_s() == 25
