"""How `lab run` ends: it waits for jobs and says so, or cuts them off; the services go last."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from tests.support.stand_ins import running
from tests.support.waiting import wait_until

from .conftest import LabRun


@pytest.mark.parametrize("name", ["01", "03"])
def test_first_interrupt_waits_for_jobs_and_says_how_long_at_most(
    start: Callable[[str], LabRun], name: str
) -> None:
    run = start(name)
    run.post_slow_emails(2, delay_s=5)

    run.send(signal.SIGINT)

    run.wait_for_line(
        "Stopping. 2 jobs are running: what runs has 25 s at most to end. Ctrl-C again cuts it off."
    )
    said = run.wait_for_line("lab | Waiting for ")
    assert "(process " in said
    assert 15 < float(said.split(", ")[1].split(" s at most")[0]) < 25
    assert run.process.wait(40) == 0
    run.wait_for_line("Of these jobs: 2 finished.")
    assert run.count("finished") == 2
    assert run.count("failed") == run.count("retried") == 0


def test_stop_waits_for_jobs_also_when_nobody_reads_any_more(
    start: Callable[[str], LabRun],
) -> None:
    run = start("01")
    run.post_slow_emails(2, delay_s=5)
    with open(os.devnull, "rb") as nowhere:  # as `make 01 | tee log`: Ctrl-C ends tee, too
        os.dup2(nowhere.fileno(), run.process.stdout.fileno())

    run.send(signal.SIGINT)

    assert run.process.wait(40) == 0
    assert run.count("finished") == 2


@pytest.mark.parametrize(("name", "number"), [("01", signal.SIGTERM), ("03", signal.SIGINT)])
def test_second_signal_cuts_off_at_once_and_what_is_kept_is_done_later(
    start: Callable[[str], LabRun], name: str, number: signal.Signals
) -> None:
    run = start(name)
    run.post_slow_emails(2, delay_s=300)
    pids = run.process.below()

    run.send(number)
    run.wait_for_line("Stopping.")
    began = time.monotonic()
    run.send(number)
    run.process.wait(30)

    assert time.monotonic() - began < 15
    run.wait_for_line("Cut off:")
    fate = {"01": "2 lost", "03": "2 kept for the next make 03"}[name]
    run.wait_for_line(f"Of these jobs: {fate}.")
    assert running(pids) == []
    assert run.count("started") == 2
    assert run.count("failed") == run.count("retried") == 0
    if name == "03":
        check_that_the_next_start_does_them(start)


def check_that_the_next_start_does_them(start: Callable[[str], LabRun]) -> None:
    again = start("03")
    wait_until("both are done", lambda: again.count("finished") == 2, timeout_s=60)
    again.wait_for_line("Kept from before: 2 jobs were running. They go on.")
    assert not [line for line in again.lines if "Traceback" in line or "(process " in line]
    again.send(signal.SIGINT)
    assert again.process.wait(40) == 0
    assert again.count("failed") == 0


def test_closed_terminal_ends_all_of_it(start: Callable[[str], LabRun]) -> None:
    run = start("01")
    run.wait_for_line("Ctrl-C here ends all of it")
    pids = run.process.below()
    nobody = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nobody, run.process.stdout.fileno())  # whoever writes to it now gets an error
    os.close(nobody)

    run.send(signal.SIGHUP)

    run.process.wait(40)
    wait_until("no process is left", lambda: running(pids) == [])


@pytest.mark.parametrize("after_s", [0.5, 2.0])
def test_signal_during_the_start_leaves_nothing(
    start: Callable[[str], LabRun], after_s: float
) -> None:
    run = start("03")
    time.sleep(after_s)
    pids = []
    with suppress(psutil.NoSuchProcess):
        pids = run.process.below()

    run.send(signal.SIGTERM)

    run.process.wait(40)
    wait_until("no process is left", lambda: running(pids) == [])
    assert not [line for line in run.lines if "Traceback" in line], run.lines
