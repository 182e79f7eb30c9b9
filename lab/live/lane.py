"""One lane: a column whose processes stay from run to run, and the runs that are played in it."""

import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from lab.approaches import ROOT
from lab.errors import LabError
from lab.survival.cell import Cell, find_difference
from lab.survival.columns import Column
from lab.survival.faults.fault import Fault
from lab.survival.running_column import RunningColumn
from lab.survival.try_fault import open_column, try_fault

from .run import Aborted, Gate, Run
from .trial import WatchedTrial, Wish

OVERLOAD_S = 5.0


class Lane:
    """The processes of one column, started when a run first needs them."""

    def __init__(self, folder: Path, column: Column, root: Path = ROOT) -> None:
        self.column = column
        self._folder, self._root = folder, root
        self._opened = ExitStack()
        self._running: RunningColumn | None = None
        self._lock = threading.Lock()

    @property
    def running(self) -> RunningColumn | None:
        """Its processes; None before the first run."""
        return self._running

    def open(self, fault: Fault) -> RunningColumn:
        """Return its processes, started as the fault needs them."""
        with self._lock:
            if self._running is None:
                opened = open_column(self._folder, self.column, self._root)
                self._running = self._opened.enter_context(opened)
        self._running.revive_services()  # a run that was given up may have left them dead
        self._running.prepare(fault.job_env, fault.api_env, fault.uvicorn_args)
        self._running.revive()
        self._running.receiver.delay_s = 0.0
        return self._running

    def close(self) -> None:
        """End its processes."""
        with self._lock:
            self._opened.close()
            self._running = None

    def play(
        self,
        run: Run,
        gate: Gate,
        number: int,
        fault: Fault,
        wish: Wish,
        trials: dict[int, WatchedTrial],
    ) -> Cell | None:
        """Play the fault, and return its counts; None if the run was given up.

        The trial is put among `trials` before it begins.
        """
        running = self.open(fault)

        def make_trial(running: RunningColumn) -> WatchedTrial:
            trials[number] = WatchedTrial(running, run, gate, number, wish)
            return trials[number]

        try:
            return try_fault(
                running, fault, beats=False, overload_s=OVERLOAD_S, make_trial=make_trial
            )
        except Aborted:
            return None
        except LabError as error:
            run.emit("trouble", number, sentence=str(error).partition("\n")[0])
            return None
        finally:
            gate.leave(number)
            running.receiver.release()
            with suppress(httpx.HTTPError):  # the fault may be that there is no mail server
                running.mail.release()


def make_result(trial: WatchedTrial, cell: Cell, promise: str) -> dict[str, Any]:
    """Return the row of a lane: its counts from the ledger, and whether they are as promised."""
    difference = find_difference(replace(cell, traces=[]), promise) if promise else None
    ends, since = trial.ends, trial.broken_at
    return {
        "accepted": cell.accepted,
        "refused": cell.refused,
        "refused_badly": cell.refused_badly,
        "done": cell.finished,
        "lost": cell.lost,
        "late": cell.late,
        "failed": cell.failed,
        "interrupted": cell.interrupted,
        "unknown": cell.unknown,
        "started_twice": cell.run_twice,
        "done_twice": cell.effects_twice,
        "first_end_s": round(ends[0] - since, 2) if ends else None,
        "last_end_s": round(ends[-1] - since, 2) if ends else None,
        "recovered_s": None if cell.recovered_s is None else round(cell.recovered_s, 2),
        "slowest_answer_s": round(max(cell.slowest_202_s, cell.slowest_refusal_s), 2),
        "grew_mb": None if cell.grew_mb is None else round(cell.grew_mb),
        "stop_s": None if cell.stop_s is None else round(cell.stop_s, 2),
        "outcome": cell.outcome,
        "promise": promise,
        "as_promised": None if not promise else difference is None,
        "fates": dict(trial.fates),
    }
