"""Waits until the jobs of a trial have ended, and counts what became of them."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from lab.open_jobs import ENDS
from lab.processes.pauses import pause

from .cell import Cell
from .running_column import REDELIVERY_S
from .trial import OPEN, Events, Trial

# After so long without an event nothing more will come: it is longer than the pause before a retry
# or, where jobs are expected to be lost, than the visibility timeout of those that come back.
QUIET_S = 70.0
LOST_S = REDELIVERY_S + 2.0


def settle(trial: Trial, quiet_s: float = QUIET_S) -> None:
    """Wait until each task has ended or is unknown, or nothing has happened for `quiet_s`."""
    started = quiet_since = time.monotonic()
    open_ids, seen = set(trial.accepted), -1
    while open_ids and time.monotonic() - quiet_since < quiet_s:
        pause(started)
        if trial.supervised:
            trial.running.revive()
        events, held = trial.events(), trial.read_broker()
        if (count := sum(map(len, events.values()))) != seen:
            seen, quiet_since = count, time.monotonic()
        open_ids = {each for each in open_ids if each in held or _is_open(trial, each, events)}
    trial.wait_for("a quiet mail server", lambda: trial.mail.open_sessions() == 0)


def count(trial: Trial, fault: str) -> Cell:
    """Return the counts of a trial that has settled."""
    events = trial.events()
    copies = _count_effects(trial, events)
    trial.fates = {each: _find_fate(trial, each, copies, events) for each in trial.accepted}
    fates = Counter(trial.fates.values())
    starts = [_count(events[task_id], "started") for task_id in trial.accepted]
    return Cell(
        fault=fault,
        column=trial.column.name,
        accepted=len(trial.accepted),
        refused=trial.refused,
        started=sum(number > 0 for number in starts),
        finished=fates["finished"],
        failed=fates["failed"],
        interrupted=fates["interrupted"],
        late=fates["late"],
        lost=fates["lost"],
        run_twice=sum(number > 1 for number in starts),
        effects_twice=sum(copies[task_id] > 1 for task_id in trial.accepted),
        unknown=trial.unknown,
        ghosts=trial.ghosts,
        done_though_refused=len(copies.keys() - trial.accepted.keys()),
        refused_badly=trial.refused_badly,
        slowest_202_s=trial.slowest_202_s,
        slowest_refusal_s=trial.slowest_refusal_s,
        stop_s=trial.stop_s,
        grew_mb=trial.grew_mb,
        recovered_s=_find_recovery(trial, events),
        traces=[_trace(trial, each, events) for each in _find_lost(trial)],
    )


def count_copies_of_whole_runs(trial: Trial) -> int:
    """Count the e-mails that arrived twice though no run of them was cut off."""
    events = trial.events()
    copies = _count_effects(trial, events)
    twice = [task_id for task_id in trial.accepted if copies[task_id] > 1]
    return sum(_count(events[task_id], "started") < 2 for task_id in twice)


def _is_open(trial: Trial, task_id: str, events: Events) -> bool:
    return not _told_end(task_id, events) and _status(trial, task_id) in OPEN


def _find_fate(trial: Trial, task_id: str, copies: Counter[str], events: Events) -> str:
    if copies[task_id]:
        return "finished"
    # A killed process wrote no end of its job into the ledger, but the API may know one.
    end = _told_end(task_id, events) or _status(trial, task_id)
    if end in ("failed", "interrupted"):
        return end
    return "late" if task_id in trial.read_broker() else "lost"


def _find_lost(trial: Trial) -> list[str]:
    return [task_id for task_id, fate in trial.fates.items() if fate == "lost"]


def _trace(trial: Trial, task_id: str, events: Events) -> str:
    """Return what is known of a lost task, to help in finding it."""
    told = ", ".join(str(event["event"]) for event in events[task_id])
    return f"{task_id}: {_status(trial, task_id) or 'unknown'}, ledger: {told or 'nothing'}"


def _find_recovery(trial: Trial, events: Events) -> float | None:
    """Return the seconds from the fault to the last effect, None if there was no effect."""
    effects = [each["t"] for told in events.values() for each in told if each["event"] == "effect"]
    return max(0.0, max(effects) - trial.broken_at) if effects else None


def _count_effects(trial: Trial, events: Events) -> Counter[str]:
    """Count e-mails where they arrive, and other effects by the ledger."""
    copies = Counter(trial.mail.delivered()[trial.delivered_before :])
    for task_id, kind in trial.accepted.items():
        if kind != "email":
            copies[task_id] += _count(events[task_id], "effect")
    return +copies


def _told_end(task_id: str, events: Events) -> str:
    """Return the last end in the ledger, or nothing."""
    ends = [str(event["event"]) for event in events[task_id] if event["event"] in ENDS]
    return ends[-1] if ends else ""


def _status(trial: Trial, task_id: str) -> str:
    return str(trial.read(task_id).get("status", ""))


def _count(events: Iterable[dict[str, Any]], name: str) -> int:
    return sum(event["event"] == name for event in events)
