"""Start our programs as forks of a process that has imported the libraries.

A fresh Python imports FastAPI and the rest for most of a second of processor time, and the tests
start hundreds of apps. A fork has only to import the app itself. Arguments, environment,
working directory, input, output, session, signals and limits are as after an exec, and of the
repository only `scenarios` is imported before the fork: it reads no setting until it is asked for
one. A program that starts others is given a forking process of its own, below it, so that theirs
are forks too.

What a fork cannot show, `test_real_start.py` looks at: a library that the app forgot to import.
`/proc/PID/environ` is that of the forking process, so who looks for marks there finds no fork.
"""

import gc
import importlib
import json
import os
import resource
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
STARTERS = ("lab", "workshop")  # they start programs themselves, but for the mail server of the lab
MODULES = (*STARTERS, "03_celery.drop", "bench", "celery", "site_making", "tests.work.", "uvicorn")
SCRIPTS = {"celery", "fastapi", "uvicorn"}
LIBRARIES = [
    "aiosmtpd.controller",
    "aiosmtplib",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.bin.worker",
    "celery.concurrency.prefork",
    "celery.worker.components",
    "celery.fixups.django",
    "celery.backends.redis",
    "celery.app.control",
    "email_validator",
    "fastapi",
    "fastapi.openapi.models",
    "fastapi.security",
    "fastapi.staticfiles",
    "fastapi_cli.cli",
    "fastapi_offline",
    "httptools",
    "httpx",
    "kombu.transport.redis",
    "PIL.ImageCms",
    "PIL.ImageDraw",
    "PIL.ImageFilter",
    "PIL.ImageFont",
    "prometheus_client",
    "pydantic.v1",
    "pydantic_settings",
    "pypdf",
    "python_multipart",
    "psutil",
    "redis.asyncio",
    "rich.markdown",
    "scenarios.http",
    "sqlite3",
    "stamina",
    "typer",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.main",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
]
# What Python or the loader of programs reads at an exec only, but for two that can be set later.
READ_AT_EXEC = ("PYTHON", "LD_", "DYLD_", "FAKETIME", "LC_", "LANG")
LIMITS = (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE)
UNBUFFERED, NO_BYTECODE = "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"


class Fork:
    """A child of the forking process, which is asked what became of it; like `Popen`."""

    def __init__(self, forker: "Forker", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._forker = forker

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._forker.ask({"pid": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        started = time.monotonic()
        while (code := self.poll()) is None:
            if timeout is not None and time.monotonic() - started > timeout:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.005)
        return code


class Forker:
    """The forking process: it starts when it is needed first, and ends with the block."""

    def __init__(self, connection: socket.socket | None = None) -> None:
        # In a thread: Ctrl-C, which strikes the main one, parts no answer from its question.
        self._thread = ThreadPoolExecutor(1)
        self._exit = ExitStack()
        self._socket = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._exit.close()

    def ask(self, request: Mapping[str, Any], *files: int) -> Any:  # Any: JSON
        asked = self._thread.submit(self._ask, request, files)
        try:
            return asked.result()
        except BaseException:
            if "words" in request:  # nobody will know what was started
                os.kill(asked.result(), signal.SIGKILL)
            raise

    def _ask(self, request: Mapping[str, Any], files: Sequence[int]) -> Any:  # Any: JSON
        self._socket = self._socket or self._launch()
        send(self._socket, request, *files)
        return receive(self._socket)[0]

    def _launch(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            words = [sys.executable, "-u", "-m", __name__, str(theirs.fileno())]
            process = subprocess.Popen(
                words,
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._exit.enter_context(process)  # waits for its end
        self._exit.enter_context(ours)  # which comes when this is closed
        return ours

    def start(self, command: Sequence[str], **options: Any) -> "Fork | subprocess.Popen[bytes]":
        """Start a program; the options are those of `Popen`."""
        program = find_program(command, options["env"])
        if not program:
            return subprocess.Popen(command, **options)
        request = {
            "words": program,
            "env": dict(options["env"]),
            "cwd": str(options["cwd"]),
            "umask": options["umask"],
            "limits": [(each, *resource.getrlimit(each)) for each in LIMITS],
        }
        with open(os.devnull) as nothing:
            files = [options[name] for name in ("stdin", "stdout", "stderr")]
            files[0] = nothing if files[0] == subprocess.DEVNULL else files[0]
            files[2] = files[1] if files[2] == subprocess.STDOUT else files[2]
            return Fork(self, self.ask(request, *(file.fileno() for file in files)))


def find_program(command: Sequence[str], env: Mapping[str, str]) -> list[str]:
    """Return the command as a fork has to run it; nothing where only a new program will do.

    That is what stands after `-m`, or the path of a script and what follows it.
    """
    if told_at_exec(env) != told_at_exec(os.environ):
        return []
    first, *rest = command
    if first == sys.executable and rest[0] == "-m" and rest[1].startswith(MODULES):
        return rest[1:]
    if first in SCRIPTS and (path := shutil.which(first, path=env["PATH"])):
        is_ours = Path(path).parent == Path(sys.executable).parent
        return [path, *rest] if is_ours else []
    return []


def told_at_exec(env: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in env.items()
        if name.startswith(READ_AT_EXEC) and name not in (UNBUFFERED, NO_BYTECODE)
    }


def send(connection: socket.socket, facts: object, *files: int) -> None:
    socket.send_fds(connection, [json.dumps(facts).encode() + b"\n"], files)


def receive(connection: socket.socket) -> tuple[Any, list[int]]:  # Any: JSON
    """Return a message and the files that came with it; EOFError at the end."""
    text, files = b"", list[int]()
    while not text.endswith(b"\n"):
        more, with_it, _, _ = socket.recv_fds(connection, 65_536, 3)
        if not more:
            raise EOFError
        text += more
        files += with_it
    return json.loads(text), files


def serve(connection: socket.socket) -> list[str]:
    """Fork and answer; returns in each child, with the arguments of its program."""
    ended: dict[int, int] = {}  # who asked may have been interrupted, and asks again
    while True:
        request, files = receive(connection)
        if (asked := request.get("pid")) is not None:
            if asked not in ended:
                pid, status = os.waitpid(asked, os.WNOHANG)
                if pid:
                    ended[pid] = os.waitstatus_to_exitcode(status)
            send(connection, ended.get(asked))
            continue
        pid = os.fork()
        if not pid:
            connection.close()
            return become(request, files)
        ended.pop(pid, None)
        for file in files:
            os.close(file)
        send(connection, pid)


def become(request: dict[str, Any], files: list[int]) -> list[str]:  # Any: JSON
    """Take over what a new program is given."""
    os.setsid()
    os.umask(request["umask"])
    for limit, soft, hard in request["limits"]:
        resource.setrlimit(limit, (soft, hard))
    os.chdir(request["cwd"])
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(request["env"])
    tempfile.tempdir = None  # asked for anew: TMPDIR may be another
    time.tzset()
    sys.dont_write_bytecode = bool(request["env"].get(NO_BYTECODE))
    words: list[str] = request["words"]
    sys.path[0] = str(Path(words[0]).parent) if is_script(words) else request["cwd"]
    return fork_below(words) if words[0] in STARTERS and "mailbox" not in words else words


def fork_below(words: list[str]) -> list[str]:
    """Let the programs of this one be forks: its own forking process knows the libraries too."""
    ours, theirs = socket.socketpair()
    if not os.fork():
        ours.close()
        return serve(theirs)
    theirs.close()
    part: Any = importlib.import_module("lab.processes.part")  # Any: a module has no such type
    part.start_process = Forker(ours).start
    return words


def is_script(words: list[str]) -> bool:
    return words[0].startswith("/")


if __name__ == "__main__":
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # else each child copies what it only looks at, and looks at it again at its end
    try:
        sys.argv = serve(socket.socket(fileno=int(sys.argv[1])))
    except EOFError:  # the tests have ended, or the program that starts others
        os._exit(0)
    if is_script(sys.argv):
        runpy.run_path(sys.argv[0], run_name="__main__")
    else:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
