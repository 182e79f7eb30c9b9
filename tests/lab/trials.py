"""Runs the trials of a column in two halves side by side, because they mostly wait."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from lab.survival.cell import Cell
from lab.survival.columns import Column
from lab.survival.faults import FAULTS
from lab.survival.running_column import RunningColumn
from lab.survival.try_fault import open_column, try_fault

Cells = dict[str, Future[Cell]]  # by fault


@contextmanager
def try_side_by_side(column: Column, faults: Sequence[str], folder: Path) -> Iterator[Cells]:
    """Try one half of the faults beside the other; each cell comes when it is ready."""
    half = (len(faults) + 1) // 2
    with ExitStack() as opened:
        cells = _try_in_turn(column, faults[:half], folder / "first", opened)
        yield cells | _try_in_turn(column, faults[half:], folder / "second", opened)


def _try_in_turn(column: Column, faults: Sequence[str], folder: Path, opened: ExitStack) -> Cells:
    columns = opened.enter_context(ExitStack())
    thread = ThreadPoolExecutor(1, folder.name)
    opened.callback(partial(thread.shutdown, cancel_futures=True))
    running = thread.submit(lambda: columns.enter_context(open_column(folder, column)))
    return {fault: thread.submit(_try, running, fault) for fault in faults}


def _try(running: Future[RunningColumn], fault: str) -> Cell:
    return try_fault(running.result(), FAULTS[fault], beats=False, overload_s=2)
