"""The trials of a column on two grounds side by side: they mostly wait."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from lab.survival.cell import Cell
from lab.survival.columns import Column
from lab.survival.faults import FAULTS
from lab.survival.ground import Ground
from lab.survival.try_fault import open_ground, try_fault

Cells = dict[str, Future[Cell]]  # by fault


@contextmanager
def try_side_by_side(column: Column, faults: Sequence[str], folder: Path) -> Iterator[Cells]:
    """Try one half of the faults beside the other; each cell comes when it is ready."""
    half = (len(faults) + 1) // 2
    with ExitStack() as opened:
        cells = _try_in_turn(column, faults[:half], folder / "first", opened)
        yield cells | _try_in_turn(column, faults[half:], folder / "second", opened)


def _try_in_turn(column: Column, faults: Sequence[str], folder: Path, opened: ExitStack) -> Cells:
    grounds = opened.enter_context(ExitStack())
    thread = ThreadPoolExecutor(1, folder.name)
    opened.callback(partial(thread.shutdown, cancel_futures=True))
    ground = thread.submit(lambda: grounds.enter_context(open_ground(folder, column)))
    return {fault: thread.submit(_try, ground, fault) for fault in faults}


def _try(ground: Future[Ground], fault: str) -> Cell:
    return try_fault(ground.result(), FAULTS[fault], beats=False, overload_s=2)
