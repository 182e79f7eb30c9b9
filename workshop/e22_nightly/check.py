"""E22: each night runs once behind three processes, also when some of them are killed."""

import operator
import os
import signal
import time
from collections import Counter
from functools import partial

import psutil

from workshop.app_under_check import App
from workshop.chance import shuffled
from workshop.kit import Kit
from workshop.verdict import expect

NIGHT_S = 0.5
NIGHTS = 3
KILLS = 2
ASLEEP = 2.7  # nights, and then the job of that night is over
LATE_S = 5.0


def check(kit: Kit) -> None:
    app = kit.start(args=["--workers", "3"])
    wait_nights(app, NIGHTS)
    expect_each_once(app)
    let_two_be_late(app)
    wait_nights(app, 1)
    expect_each_once(app)

    for _ in range(KILLS):
        leave_one(app)
        killed_at = time.time() // NIGHT_S
        wait_nights(app, NIGHTS)
        expect_each_once(app)
        expect_no_gap(app, killed_at + 2)  # the night of the kill itself may be cut

    app.part.kill9(group=True)
    app.part.launch()
    kit.wait_ready(app)
    back_at = time.time() // NIGHT_S
    wait_nights(app, NIGHTS)
    expect_each_once(app)
    expect_no_gap(app, back_at + 2)


def let_two_be_late(app: App) -> None:
    """Stop two processes for some nights: when they wake, the third has run these."""
    late = [psutil.Process(pid) for pid in shuffled(wait_three(app))[1:]]
    for process in late:
        process.suspend()
    time.sleep((time.time() // NIGHT_S + ASLEEP) * NIGHT_S - time.time())
    for process in late:
        process.resume()


def wait_three(app: App) -> list[int]:
    look = partial(list_started, app)
    found: list[int] = app.wait_until("3 processes", look, lambda pids: len(pids) == 3, 30)
    return found


def leave_one(app: App) -> None:
    """Kill the process that ran the last night and a second one; another alone has the next."""
    workers = wait_three(app)
    time.sleep(NIGHT_S)
    last = app.journal.events("ran")[-1]["pid"]
    workers.sort(key=lambda pid: pid == last)
    for pid in workers[1:]:
        os.kill(pid, signal.SIGKILL)


def list_started(app: App) -> list[int]:
    log = app.part.log_text()
    return [pid for pid in app.part.children() if f"Started server process [{pid}]" in log]


def wait_nights(app: App, count: int) -> None:
    """Wait for more nights than there have been; a night that does not come is missed."""
    before = len(nights(app))
    expected = f"{count} more nights"
    app.wait_until(expected, lambda: len(nights(app)) - before, lambda more: more >= count, 20)
    time.sleep(NIGHT_S / 2)  # the others may be late


def nights(app: App) -> Counter[int]:
    return Counter(event["night"] for event in app.journal.events("ran"))


def expect_each_once(app: App) -> None:
    often = max(nights(app).values())
    expect(often == 1, "each night to run once", f"one that ran {often} times")


def expect_no_gap(app: App, since: float) -> None:
    wanted = set(range(int(since), max(nights(app))))

    def count_missing() -> int:
        return len(wanted - nights(app).keys())

    expected = "no night left out while a worker lives, and nights left out"
    app.wait_until(expected, count_missing, operator.not_, LATE_S)  # a busy process is late
