"""A run with its lanes and trials, and the description that the page shows of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.errors import LabError
from lab.machine import describe_machine
from lab.survival.columns import Column

from .lane import Lane
from .presets.code import read_code
from .presets.preset import Preset
from .recording import About
from .recording import Lane as LaneFacts
from .run import Gate, Run
from .trial import WatchedTrial, Wish


@dataclass
class Playing:
    """A run, the lanes that it is played in, and their trials by the number of the lane."""

    run: Run
    about: About
    gate: Gate
    preset: Preset
    lanes: Sequence[Lane]
    trials: dict[int, WatchedTrial] = field(default_factory=dict)

    def check_lanes(self, names: Sequence[str]) -> None:
        """Raise LabError for a lane that this run has not."""
        if unknown := set(names) - {lane.column.name for lane in self.lanes}:
            raise LabError(f"this run has no lane {min(unknown)!r}")

    def commands(self) -> list[str]:
        """Return the command that the button of the preset stands for, for each lane."""
        return [_fill_in(self.preset.command, lane) for lane in self.lanes]


def _fill_in(command: str, lane: Lane) -> str:
    running = lane.running
    if not command or running is None:
        return ""
    api, worker, broker = running.app.pid, 0, 0
    if lane.column.has_worker:
        worker = running.worker.pid
        broker = running.broker.pid if running.brokers else 0
    runner = f"-- -{worker or api}"
    return command.format(api=api, worker=worker, broker=broker, runner=runner)


def describe(
    preset: Preset, columns: Sequence[Column], jobs: int, wish: Wish, variant: str, root: Path
) -> About:
    """Return what a page or a recording says of a run beside its events."""
    lanes = [
        LaneFacts(
            name=column.name,
            title=column.title,
            promise=preset.find_promise(column, variant, jobs),
            reason=preset.reasons.get(column.name, ""),
            page=preset.page,
            frozen=column.name in preset.frozen,
            command=preset.command,
            code=read_code(preset.code.get(column.name, ""), root),
        )
        for column in columns
    ]
    chosen = ["--variant", variant] if variant else []
    return About(
        number=preset.number,
        preset=preset.name,
        title=preset.title,
        text=preset.text,
        ask=preset.ask.format(jobs=jobs),
        button=preset.button,
        variant=preset.variants.get(variant, ""),
        jobs=jobs,
        kind=wish.kind,
        length_s=wish.length_s,
        lanes=lanes,
        machine=describe_machine(["live", "--record", preset.name, *chosen]),
    )
