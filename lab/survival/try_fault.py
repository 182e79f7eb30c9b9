"""Runs one fault on one column and returns its cell."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

from lab.approaches import ROOT
from lab.load.heartbeat import Heartbeat
from lab.processes.stack import Stack
from lab.survival.faults.fault import API, BROKER, Fault

from .cell import Cell
from .columns import Column
from .count import LOST_S, QUIET_S, count, settle
from .receiver import receive_webhooks
from .running_column import ENV, RunningColumn
from .trial import OVERLOAD_S, Trial


@contextmanager
def open_column(folder: Path, column: Column, root: Path = ROOT) -> Iterator[RunningColumn]:
    """Start what every trial of a column needs, and end all of it afterwards."""
    with (
        receive_webhooks() as receiver,
        Stack(folder, env=ENV, root=root, grace_s=1, say=lambda sentence: None) as stack,
    ):
        running = RunningColumn(stack, column, receiver)
        with running.mail:
            yield running


def try_fault(
    running: RunningColumn,
    fault: Fault,
    *,
    beats: bool = True,
    overload_s: float = OVERLOAD_S,
    make_trial: Callable[[RunningColumn], Trial] = Trial,
) -> Cell:
    """Do the fault, wait until all has settled, and count; with `beats` also ask /healthz."""
    if reason := fault.why_not(running.column) or fault.lacks():
        return Cell(fault.name, running.column.name, why_not=reason)
    running.prepare(fault.job_env, fault.api_env, fault.uvicorn_args)
    try:
        trial = make_trial(running)
        trial.overload_s = overload_s
        cell = _measure(trial, fault, beats)
    except BaseException:
        running.clear(app=True, worker=True)
        raise
    is_odd = cell.lost + cell.late > 0
    running.clear(app=is_odd, worker=is_odd or fault.hits == BROKER)
    return cell


def _measure(trial: Trial, fault: Fault, beats: bool) -> Cell:
    with closing(trial), ExitStack() as asking:
        heartbeat = asking.enter_context(Heartbeat(f"{trial.url}/healthz")) if beats else None
        fault.act(trial)
        loses = trial.column.loses and fault.hits != API
        settle(trial, LOST_S if loses else QUIET_S)
        asking.close()
        worst_ms = round(heartbeat.beats.worst_ms, 1) if heartbeat else None
        return replace(count(trial, fault.name), worst_healthz_ms=worst_ms)
