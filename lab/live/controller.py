"""Owns the lanes and plays one run at a time; whatever it sees becomes an event of that run."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from lab.approaches import ROOT
from lab.errors import LabError
from lab.survival.running_column import AT_ONCE
from lab.survival.trial import JOBS

from .beats import Beats
from .lane import Lane, make_result
from .playing import Playing, describe
from .presets.free_play import FAULTS, Play, end_play, find_missing
from .presets.preset import Kind, Preset, find_preset, load_all_columns, load_presets
from .recording import Event, Recording
from .run import Aborted, Gate, Run
from .trial import Wish

ONLY_LIVE = ("run", "ready")  # a recording has `about`, and addresses lead nowhere later
KEPT_RUNS = 12
SEE_S = 1.5  # between the last job that is posted and the fault


class Refused(Exception):
    """What was asked for is not possible now; the text says why."""


class Live:
    """What the live page needs as long as the lab runs: lanes, the present run, earlier runs."""

    def __init__(
        self,
        folder: Path,
        root: Path = ROOT,
        only: Sequence[str] = (),
        lanes: Mapping[str, Lane] | None = None,
        presets: Sequence[str] = (),
    ) -> None:
        self.folder, self.root = folder, root
        self.only = tuple(only)  # the lanes that this page has; none: all
        self._presets = tuple(presets)  # and its presets; none: all
        self.followers: set[Callable[[], None]] = set()  # woken when there is something new
        self.closing = False
        self.playing: Playing | None = None
        self.history: deque[tuple[int, Recording]] = deque(maxlen=KEPT_RUNS)
        self._columns = load_all_columns(root)
        if unknown := set(self.only) - self._columns.keys():
            known = ", ".join(self._columns)
            raise LabError(f"unknown lane {min(unknown)!r}: it is one of {known}")
        self._lanes: dict[str, Lane] = dict(lanes or {})
        self._lock = threading.Lock()
        self._count = 0
        self._thread: threading.Thread | None = None
        self._beats: Beats | None = None  # started with the first run

    @property
    def is_attached(self) -> bool:
        """Tell whether the processes belong to the terminal, whose settings they keep."""
        return bool(self._presets)

    def list_presets(self) -> list[dict[str, Any]]:
        """Return the presets that this page can play, with their lanes."""
        return [
            {
                **preset.model_dump(exclude={"code", "reasons", "promises", "fault"}),
                **({"variants": dict([*preset.variants.items()][:1])} if self.is_attached else {}),
                "lanes": [{"name": name, "title": self._columns[name].title} for name in lanes],
            }
            for preset in load_presets().values()
            if (not self._presets or preset.name in self._presets)
            and (lanes := self._choose_lanes(preset, ()))
        ]

    def start(
        self,
        name: str,
        *,
        lanes: Sequence[str] = (),
        jobs: int | None = None,
        kind: Kind | None = None,
        length_s: float = 1.0,
        variant: str = "",
        workers: int | None = None,
        ask: bool = True,
    ) -> Run:
        """Begin a run; raise Refused while another goes on, LabError for what does not exist."""
        preset = find_preset(name)
        if self._presets and preset.name not in self._presets:
            raise LabError(f"this page has no preset {name!r}: {', '.join(self._presets)}")
        chosen = self._choose_lanes(preset, lanes)
        if not chosen:
            raise LabError(f"preset {preset.name!r} has none of these lanes: {', '.join(lanes)}")
        if variant and variant not in preset.variants:
            raise LabError(f"preset {preset.name!r} has no variant {variant!r}")
        if kind and kind not in (preset.kinds or ("email",)):
            raise LabError(f"preset {preset.name!r} has no jobs of the kind {kind!r}")
        if workers and not preset.kinds:
            raise LabError(f"preset {preset.name!r} has a number of workers of its own")
        number = preset.jobs if preset.fixed or jobs is None else jobs
        wish = Wish(
            number if not preset.fixed else JOBS, kind or "email", length_s, not preset.fixed
        )
        variant = variant or next(iter(preset.variants), "")
        with self._lock:
            if self.playing and not self.playing.run.ended:
                raise Refused("a run is going on: wait for its end, or reset it")
            self._count += 1
            run = Run(self._count, self.wake_all)
            columns = [self._columns[each] for each in chosen]
            about = describe(preset, columns, number, wish, variant, self.root)
            then = partial(run.emit, "phase", phase="fault")
            opened = not ask or preset.fault == "play"
            gate = Gate(len(chosen), then, opened=opened, pause_s=SEE_S * bool(preset.command))
            playing = Playing(run, about, gate, preset, [self._find_lane(each) for each in chosen])
            self.playing = playing
        run.emit("run", number=run.number, about=about.model_dump())
        self._thread = threading.Thread(
            target=self._play, args=(playing, wish, variant, workers), name="run", daemon=True
        )
        self._thread.start()
        return run

    @property
    def phase(self) -> str:
        """The last phase that the run has come to; nothing before the first run."""
        events = self.playing.run.events if self.playing else []
        phases = (event["phase"] for event in reversed(events) if event["type"] == "phase")
        return str(next(phases, ""))

    def go(self, guesses: Mapping[str, int], hands: Mapping[str, Mapping[str, int]]) -> None:
        """Let the run go on; `hands` counts a group's guesses, by lane and number."""
        playing = self._playing()
        if not playing.gate.waits:
            raise Refused("nothing waits for you just now")
        if guesses or hands:
            playing.run.emit(
                "guess", guesses=dict(guesses), hands={k: dict(v) for k, v in hands.items()}
            )
        playing.gate.open()

    def do(self, lanes: Sequence[str], what: Play) -> None:
        """Let free play do something in these lanes, or in all."""
        playing = self._playing()
        if playing.preset.fault != "play":
            raise Refused(
                "only free play can do this; the other presets break and count themselves"
            )
        playing.check_lanes(lanes)
        for number, lane in enumerate(playing.lanes):
            if not lanes or lane.column.name in lanes:
                if number not in playing.trials:
                    raise Refused("the lanes are still starting")
                playing.trials[number].wanted.put(what)

    def break_something(self, lanes: Sequence[str], fault: str) -> None:
        """Let free play do one of the faults in these lanes."""
        if fault not in FAULTS:
            raise LabError(f"unknown fault {fault!r}: it is one of {', '.join(FAULTS)}")
        playing = self._playing()
        playing.check_lanes(lanes)
        for lane in playing.lanes:
            if lane.column.name in lanes and (why := find_missing(lane.column, fault)):
                raise Refused(f"{lane.column.title}: {why}")
        able = [
            lane.column.name
            for lane in playing.lanes
            if (not lanes or lane.column.name in lanes) and not find_missing(lane.column, fault)
        ]
        if not able:
            raise Refused("no lane of this run has that process")
        self.do(able, FAULTS[fault])

    def count(self) -> None:
        """End free play, and count."""
        self.do([], end_play)  # after whatever was asked for before

    def reset(self, timeout_s: float = 60.0) -> None:
        """End the run early, if there is one; the next one starts what it needs again."""
        playing = self.playing
        if playing and not playing.run.ended:
            playing.gate.abort()
            if self._thread:
                self._thread.join(timeout_s)

    def find_recording(self, number: int) -> Recording | None:
        """Return a run of the history."""
        return next((recording for each, recording in self.history if each == number), None)

    def wait(self) -> None:
        """Wait for the end of the run."""
        if self._thread:
            self._thread.join()

    def wake_all(self) -> None:
        """Wake every stream of events, because there is something new."""
        for wake in list(self.followers):
            with suppress(RuntimeError):  # its event loop has ended
                wake()

    def close(self) -> None:
        """End the run and every process."""
        self.closing = True
        self.wake_all()
        self.reset(5)
        if self._beats:
            self._beats.close()
        lanes = list(self._lanes.values())
        if lanes:
            with ThreadPoolExecutor(len(lanes)) as pool:
                list(pool.map(Lane.close, lanes))

    def _play(self, playing: Playing, wish: Wish, variant: str, workers: int | None) -> None:
        run, fault = playing.run, playing.preset.find_fault(variant)
        if workers:
            fault = replace(fault, job_env={**fault.job_env, AT_ONCE: str(workers)})
        beats = self._beats = self._beats or Beats()
        try:
            run.emit("phase", phase="starting")
            with ThreadPoolExecutor(len(playing.lanes)) as pool:
                runnings = list(pool.map(partial(Lane.open, fault=fault), playing.lanes))
            playing.gate.check()
            beats.told = lambda times: run.emit("health", beats=times)
            urls = {str(n): f"{each.app.url}/healthz" for n, each in enumerate(runnings)}
            beats.ask(urls)
            run.begin()
            run.emit("ready", urls=[each.app.url for each in runnings])
            if not playing.gate.opened:
                run.emit("phase", phase="predict", commands=playing.commands())
            playing.gate.wait_for_reader()
            run.emit("phase", phase="posting")
            with ThreadPoolExecutor(len(playing.lanes)) as pool:
                list(pool.map(partial(self._play_lane, playing, fault, wish), range(len(urls))))
            playing.gate.check()
            run.emit("phase", phase="done")
        except Aborted:
            run.emit("phase", phase="given up")
        except Exception as error:  # noqa: BLE001 - the page must learn of it, whatever it is
            run.emit("trouble", sentence=str(error).partition("\n")[0] or repr(error))
            run.emit("phase", phase="given up")
        finally:
            beats.ask({})
            beats.told = lambda times: None
            events = [
                Event.model_validate(each)
                for each in sorted(run.events, key=itemgetter("t"))
                if each["type"] not in ONLY_LIVE
            ]
            self.history.append((run.number, Recording(about=playing.about, events=events)))
            run.end()

    def _play_lane(self, playing: Playing, fault: Any, wish: Wish, number: int) -> None:
        lane = playing.lanes[number]
        cell = lane.play(playing.run, playing.gate, number, fault, wish, playing.trials)
        if cell and (trial := playing.trials.get(number)):
            result = make_result(trial, cell, playing.about.lanes[number].promise)
            playing.run.emit("result", number, **result)

    def _playing(self) -> Playing:
        if not self.playing or self.playing.run.ended:
            raise Refused("no run is going on: start one first")
        return self.playing

    def _choose_lanes(self, preset: Preset, wanted: Sequence[str]) -> list[str]:
        return [
            name
            for name in preset.lanes
            if name in self._columns
            and (not self.only or name in self.only)
            and (not wanted or name in wanted)
        ]

    def _find_lane(self, name: str) -> Lane:
        if name not in self._lanes:
            self._lanes[name] = Lane(self.folder / name, self._columns[name], self.root)
        return self._lanes[name]
