"""Runs one approach with everything that it needs, until Ctrl-C."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from lab.processes.follow import Say, Shown, follow
from lab.processes.part import Part
from lab.processes.signals import signals_exit
from lab.processes.stack import Stack

from .approaches import ROOT, Approach, find_approach, load_approaches

GRACE_S = 25.0  # longer than the apps' own DRAIN_S
WORD_EVERY_S = 3.0
EMAIL = '{"to": "ann@example.com", "subject": "Hello", "body": "It works."}'


def run_approach(name: str, data_dir: Path | None, console: Console, root: Path = ROOT) -> None:
    """Start the approach called `name`, show where it is reached, and stream its log lines."""
    approach = find_approach(name, root)
    folder = data_dir or Path("var/lab") / approach.name.partition("_")[0]

    def say(part: str, line: str) -> None:
        console.print(f"[dim]{part}[/dim]", end=" ")
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    shown = Shown([], say)
    stack = Stack(folder, say=lambda line: say("lab", line), root=root, grace_s=GRACE_S)
    with signals_exit(), stack:
        try:
            app = stack.start(approach.name)
            login = start_flower(stack) if "worker" in approach.services else ""
            show(approach, stack, login, console)
            runs_jobs = [part for name, part in stack.parts.items() if name in (app.name, "worker")]
            shown = Shown(runs_jobs, say)
            follow(shown, list(stack.parts.values()), say)
        except KeyboardInterrupt:
            with suppress(OSError):  # the terminal may be closed
                stop_jobs(stack, shown, say)


def stop_jobs(stack: Stack, shown: Shown, say: Say) -> None:
    """End what runs jobs before the services that the jobs need, and say what is waited for."""
    say(
        "lab",
        f"Stopping: jobs that run have {stack.grace_s:g} s to end. Ctrl-C again cuts them off.",
    )
    next_word_s = stack.grace_s - WORD_EVERY_S

    def meanwhile(parts: list[Part], left_s: float) -> None:
        nonlocal next_word_s
        shown.say_new()
        if left_s < next_word_s:
            next_word_s -= WORD_EVERY_S
            names = " and ".join(f"{part.name} (process {part.pid})" for part in parts)
            say("lab", f"Waiting for {names}, {left_s:.0f} s at most. Ctrl-C again cuts it off.")

    try:
        stack.stop_apps(meanwhile)
    except KeyboardInterrupt:
        say("lab", "Cut off: what runs jobs was killed, and the services end after it.")
    shown.say_new()


def start_flower(stack: Stack) -> str:
    """Start Flower and return its login, `user:password`."""
    login = os.environ.get("FLOWER_BASIC_AUTH") or f"lab:{secrets.token_urlsafe(9)}"
    stack.start_flower(login)
    return login


def show(approach: Approach, stack: Stack, login: str, console: Console) -> None:
    """Print where everything is, and a command to try; lines are not wrapped, to be copied."""
    url = stack.parts[approach.name].url
    lines = [f"\n{approach.name}: {approach.title}\n"]
    lines += [f"  {what:<12}{where}" for what, where in places(approach, stack, login)]
    lines += ["\nTry it in a second terminal; Ctrl-C here ends everything:\n"]
    lines += [f"  curl -s {url}/emails -H 'Content-Type: application/json' -d '{EMAIL}'\n"]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def places(approach: Approach, stack: Stack, login: str) -> Iterator[tuple[str, str]]:
    """Yield what there is to look at and its address."""
    parts = stack.parts
    yield "Swagger UI", f"{parts[approach.name].url}/docs"
    yield "Inbox", parts["mailbox"].url if "mailbox" in parts else "your own mail server (SMTP_URL)"
    if login:
        yield "Flower", f"{parts['flower'].url}  login {login}"
    yield "Data, logs", str(stack.data_dir)
    for other in load_approaches(stack.root).values():
        if other.folder == approach.name != other.name:
            switch = " ".join(f"{key}={value}" for key, value in other.env.items())
            folder = stack.data_dir / approach.name
            yield "Variant", f"{switch.format(data_dir=folder)}  {other.summary}"
    yield "Processes", ", ".join(f"{name} {part.pid}" for name, part in parts.items())
