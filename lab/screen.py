"""What the terminal of `make 01` to `make 04` shows: log lines, addresses, things to try."""

import os
import re
from contextlib import suppress

from rich.console import Console
from rich.text import Text

HIDDEN = re.compile(
    r"""^\s*$
    |"GET\ /healthz\ HTTP/1\.1"\ 200  # the lab and the live page ask again and again
    |^INFO:\ +(Started\ server|Waiting\ for\ application\ startup|Application\ startup|Uvicorn\ run)
    |\?asked-by=lab\ HTTP  # the lab asks about the tasks of the last run
    |Events\ of\ group\ {task}""",
    re.VERBOSE,
)
ID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{6}([0-9a-f]{6})"
SHORTER = [
    (re.compile(r"^INFO: +[\d.]+:\d+ - "), ""),
    (re.compile(rf"^INFO +\[{ID}\] [\w.]+: "), r"[…\1] "),
    (re.compile(r"^INFO +\[-\] [\w.]+: "), ""),
    (re.compile(r"^\[[\d-]+ [\d:,]+: INFO/[\w-]+\] "), ""),
    (re.compile(r"^\[[\d-]+ [\d:,]+: (\w+)/[\w-]+\] "), r"\1: "),
    (re.compile(rf"^(Task \S+\[){ID}"), r"\1…\2"),
    (re.compile(r"(\] succeeded in \d+\.\d\d)\d*s: .*"), r"\1 s"),
]
WORKER_READY = re.compile(r"@\S+ ready\.$")
WORKER_NEWS = re.compile(r"(WARNING|ERROR|CRITICAL)/")
# A proxy of the environment cannot reach this machine, so curl uses none. The answers end without
# a newline, and the next prompt of the shell would stand behind them.
CURL = "curl -sS --noproxy '*' -w '\\n'"
PROXIES = {"http_proxy", "all_proxy", "ALL_PROXY"}  # that curl uses for http://


class Pipe(Console):
    """A terminal, or a pipe whose reader may end: Ctrl-C ends `tee` in `make 01 | tee log`."""

    def on_broken_pipe(self) -> None:
        """Print nothing more and go on, because to exit here would cut the jobs off."""
        with suppress(SystemExit):
            super().on_broken_pipe()


class Terminal:
    """Prints lines, each behind a short name of the process that has written it."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, *lines: str) -> None:
        """Print lines as they are, unwrapped, so that they can be copied."""
        self._console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)

    def say(self, line: str) -> None:
        """Print what the lab has to say."""
        self.show("lab", line)

    def show(self, who: str, line: str) -> None:
        """Print what a process has to say."""
        # In one call, because the live page prints from a thread of its own.
        told = Text.assemble((f"{who} |", "dim"), f" {line}")
        self._console.print(told, highlight=False, soft_wrap=True)


class Screen(Terminal):
    """Prints the logs of an app and its services, with what a reader needs of each line."""

    def __init__(self, console: Console, app: str) -> None:
        super().__init__(console)
        self._app = app
        self._worker_starts = True

    def name(self, part: str) -> str:
        """Return the short name of a part."""
        return "api" if part == self._app else part

    def expect_banner(self) -> None:
        """Leave out what a worker prints until it is ready, because that fills a screen."""
        self._worker_starts = True

    def show_log(self, part: str, line: str) -> None:
        """Print a line of a log without what does not help the reader."""
        if part == "worker" and self._worker_starts:
            self._worker_starts = not WORKER_READY.search(line)
            if not WORKER_NEWS.search(line):
                return
        if not HIDDEN.search(line):
            self.show(self.name(part), shorten(line))


def shorten(line: str) -> str:
    """Drop times, addresses of clients and the first 30 characters of task ids."""
    for pattern, shorter in SHORTER:
        line = pattern.sub(shorter, line)
    return line


def words_on_proxy() -> list[str]:
    """Return what a reader with a proxy in the environment has to know before she uses curl."""
    if PROXIES & os.environ.keys():
        return ["Let curl not use your proxy; run first: export no_proxy=127.0.0.1"]
    return []


def commands_to_try(url: str, inbox: str | None, victim: str, pid: int) -> list[str]:
    """Return what to type into a second terminal: jobs to post, then a fault."""
    lines = [
        "",
        "Post a job, in a second terminal and in this folder:",
        f"  {CURL} {url}/emails \\",
        "    -H 'Content-Type: application/json' -d @samples/email.json",
        f"  {CURL} {url}/reports \\",
        "    -F title=Orders -F file=@samples/orders.csv",
        f"  {CURL} {url}/images \\",
        "    -F operations=blur -F width=200 -F file=@samples/photo.jpg",
        "The status_url of the answer says what became of the job,",
        "and /result behind it is its file:",
        f"  {CURL} {url}/tasks/TASK_ID",
    ]
    if inbox:
        lines += [
            f"Then slow the mail, post again, kill the {victim} within 8 s, and look here:",
            f"  {CURL} {inbox}/switch -d mail=slow",
            f"  kill -9 {pid}",
        ]
    return lines
