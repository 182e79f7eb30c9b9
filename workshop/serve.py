"""Runs one learner's app by hand, with Valkey and a worker where it needs them."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from lab.errors import LabError
from lab.processes.follow import LogTail, Shown, follow
from lab.processes.part import Part
from lab.processes.ports import HOST
from lab.processes.saved_file import SavedFile
from lab.processes.signals import signals_exit
from lab.screen import words_on_proxy

from .checking import checking_room
from .course import Exercise
from .explain import explain_end
from .kit import HAND_PORT, Kit

LOOK_S = 0.2
NOWHERE = "redis://127.0.0.1:9/0"  # nothing listens there


def serve(exercise: Exercise, *, redis: bool, workers: int) -> None:
    """Serve the app until Ctrl-C; show what it prints; start again what is killed or saved.

    Raises `Missed` if the app does not start.
    """
    ended = Event()
    file = SavedFile(exercise.app)
    with (
        signals_exit(),
        checking_room() as room,
        Kit(exercise.app, room, room.data_dir, by_hand=True) as kit,
    ):
        parts = _start(kit, exercise, redis=redis, workers=workers)
        tail = LogTail(parts[0])
        try:
            _follow(exercise, parts, file, ended)
        except KeyboardInterrupt:
            pass
        finally:
            ended.set()
        tail.lines()  # these were shown
        parts[0].term()
        _show_end(parts[0], tail, _say)


def _follow(exercise: Exercise, parts: list[Part], file: SavedFile, ended: Event) -> None:
    saved = Event()
    arguments = (exercise, parts, file, saved, ended)
    Thread(target=_restart_on_save, args=arguments, daemon=True).start()
    shown = Shown(parts, _say_line_of)
    while True:
        try:
            follow(shown, parts, _start_again)
        except LabError:  # one does not start any more
            broken = next(part for part in parts if not part.alive)
            _say(f"{exercise.id}: {explain_end(None, broken.log_text(), exercise.app)}")
            _say("Save the app again, and it is started again.")
            saved.clear()
            saved.wait()


def _start_again(part: Part) -> None:
    _say(f"{part.name} (process {part.pid}) has ended; starting it again")
    part.restart()


def _restart_on_save(
    exercise: Exercise, parts: list[Part], file: SavedFile, saved: Event, ended: Event
) -> None:
    while not ended.wait(LOOK_S):
        if not file.was_saved():
            continue
        try:
            compile(exercise.app.read_bytes(), exercise.app.name, "exec")
        except (SyntaxError, OSError) as error:
            _say(f"{exercise.id}: not started again: {type(error).__name__}: {error}")
            continue
        for part in parts:
            part.term()  # `follow` starts it again
        saved.set()


def _start(kit: Kit, exercise: Exercise, *, redis: bool, workers: int) -> list[Part]:
    kit.redis_url = NOWHERE
    needs_worker = redis and exercise.needs_celery
    if needs_worker:
        kit.start_valkey()
    parts = [kit.start(args=["--workers", str(workers)] if workers > 1 else []).part]
    if needs_worker:
        parts.append(kit.start_worker())
        _say(f"worker: process {parts[1].pid}; `kill -9 -- -{parts[1].pid}` ends all of it")
    _say(f"{exercise.id}: {parts[0].url}/docs   started again when you save; Ctrl-C ends it")
    for line in words_on_proxy():
        _say(line)
    if parts[0].url != f"http://{HOST}:{HAND_PORT}":
        port = parts[0].url.rpartition(":")[2]
        _say(f"PORT {HAND_PORT} IS TAKEN by another program: write {port} in the commands to try.")
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
