"""Runs one learner's app by hand, with Valkey and a worker where it needs them."""

import time
from collections.abc import Callable
from contextlib import suppress

from lab.processes.follow import LogTail, Shown, follow
from lab.processes.part import Part
from lab.processes.signals import signals_exit

from .checking import checking_room
from .course import Exercise
from .kit import Kit

CELERY = {"e13", "e14", "e15", "e16", "e18", "e19"}
NOWHERE = "redis://127.0.0.1:9/0"  # nothing listens there


def serve(exercise: Exercise, *, redis: bool, workers: int) -> None:
    """Serve the app until Ctrl-C; show what it prints; start again what is killed."""
    with (
        signals_exit(),
        checking_room() as room,
        Kit(exercise.app, room, room.data_dir, by_hand=True) as kit,
    ):
        parts = _start(kit, exercise, redis=redis, workers=workers)
        tail = LogTail(parts[0])
        with suppress(KeyboardInterrupt):
            follow(Shown(parts, _say_line_of), parts, _say_line_of)
        tail.lines()  # these were shown
        parts[0].term()
        _show_end(parts[0], tail, _say)


def _start(kit: Kit, exercise: Exercise, *, redis: bool, workers: int) -> list[Part]:
    kit.redis_url = NOWHERE
    needs_worker = redis and exercise.id in CELERY
    if needs_worker:
        kit.start_valkey()
    parts = [kit.start(args=["--workers", str(workers)] if workers > 1 else []).part]
    if needs_worker:
        parts.append(kit.start_worker())
        _say(f"worker: process {parts[1].pid}; `kill -9 -- -{parts[1].pid}` ends all of it")
    _say(f"{exercise.id}: {parts[0].url}/docs   Ctrl-C ends it")
    return parts


def _show_end(part: Part, tail: LogTail, say: Callable[[str], None]) -> None:
    """Show what it prints while it ends: a drain takes its time."""
    with suppress(KeyboardInterrupt):
        while part.alive:
            time.sleep(0.1)
            for line in tail.lines():
                say(line)
    for line in tail.lines():
        say(line)


def _say_line_of(name: str, line: str) -> None:
    _say(line)


def _say(line: str) -> None:
    print(line, flush=True)
