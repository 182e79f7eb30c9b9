"""Runs one approach with everything that it needs, until Ctrl-C."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from rich.console import Console

from lab.processes.follow import follow
from lab.processes.signals import signals_exit
from lab.processes.stack import Stack

from .approaches import ROOT, Approach, find_approach
from .example import Example
from .screen import Screen
from .survival.receiver import Receiver, receive_webhooks

GRACE_S = 25.0  # longer than DRAIN_S, the time that the apps give to their jobs
# So that a reader can watch a killed worker's jobs come back: by default that takes six minutes.
SOON = {"JOB_TIMEOUT_S": "12", "VISIBILITY_TIMEOUT_S": "15"}


def run_approach(name: str, data_dir: Path | None, console: Console, root: Path = ROOT) -> None:
    """Start the approach called `name`, show where it is reached, and stream its log lines."""
    approach = find_approach(name, root)
    folder = data_dir or Path("var/lab") / approach.name.partition("_")[0]
    screen = Screen(console, approach.name)
    settings = choose_settings(approach)
    with signals_exit(), receive_webhooks() as receiver:
        env = {"WEBHOOK_URL": os.environ.get("WEBHOOK_URL") or receiver.url, **settings}
        stack = Stack(folder, env=env, say=screen.say, root=root, grace_s=choose_grace_s())
        with stack, ExitStack() as opened:
            example = Example(approach, stack, screen, settings)
            try:
                example.start(partial(start_pages, opened, receiver))
                follow(example.shown, list(stack.parts.values()), example.revive)
            except KeyboardInterrupt:
                with suppress(OSError):  # the terminal may be closed
                    example.stop()


def choose_settings(approach: Approach) -> Mapping[str, str]:
    """Return settings that make a fault quick to watch, unless the reader has chosen her own."""
    if "worker" not in approach.services or SOON.keys() & os.environ.keys():
        return {}
    return SOON


def choose_grace_s() -> float:
    """Return how long a stop waits at most: a little longer than the apps themselves."""
    with suppress(ValueError):
        return max(GRACE_S, float(os.environ.get("DRAIN_S", "0")) + 5)
    return GRACE_S  # a wrong value is named by the app itself


def start_pages(
    opened: ExitStack, receiver: Receiver, approach: Approach, stack: Stack
) -> Iterator[tuple[str, str]]:
    """Start the pages that look at this approach; yield the name and the address of each.

    What has to be closed before the processes end goes into `opened`.
    """
    from .live.one_lane import open_page  # imported here: other commands start faster

    if url := open_page(approach, stack, opened, receiver):
        yield "Live page", f"{url}  (the same, with buttons)"
    if "worker" in approach.services:
        login = os.environ.get("FLOWER_BASIC_AUTH") or f"lab:{secrets.token_urlsafe(9)}"
        stack.start_flower(login)
        yield "Flower", f"{stack.parts['flower'].url}  (login {login})"
