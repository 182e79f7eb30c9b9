"""One approach that runs in a terminal, and what the terminal says of it and of its jobs."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import httpx

from .approaches import Approach, load_approaches
from .open_jobs import OpenJobs, count_ends, find_open_jobs, in_words
from .plain_http import TRUSTS_NOBODY
from .processes.follow import Shown
from .processes.part import Part
from .processes.stack import Stack
from .screen import Screen, commands_to_try

WORD_EVERY_S = 3.0
TO_START_S = 5.0  # what Celery's worker takes
StartPages = Callable[[Approach, Stack], Iterator[tuple[str, str]]]


class Example:
    """An approach with its processes, from the start to the stop."""

    def __init__(
        self, approach: Approach, stack: Stack, screen: Screen, settings: Mapping[str, str]
    ) -> None:
        self.approach, self.stack, self.screen, self.settings = approach, stack, screen, settings
        self.shown = Shown([], screen.show_log)
        self.variant = find_variant(approach, stack.root)
        self.pages: list[tuple[str, str]] = []
        self._lost: set[str] = set()

    @property
    def app(self) -> Part:
        return self.stack.parts[self.approach.name]

    @property
    def data_dir(self) -> Path:
        return self.stack.data_dir / self.approach.name

    @property
    def keeps_jobs(self) -> bool:
        """Tell whether a job outlives the process that runs it."""
        return bool(self.variant.promises["survives_api_kill"])

    def start(self, start_pages: StartPages) -> None:
        """Start all of it, and print what to try and, last, where everything is."""
        needs = [each for each in self.approach.services if each not in self.stack.parts]
        self.screen.say(f"starting {', '.join(['the API', *needs])} …")
        before = find_open_jobs(self.data_dir)
        app = self.stack.start(self.approach.name)
        self._lost = find_unknown(app.url, before.ids)
        before = before.without(self._lost)
        self.pages = list(start_pages(self.approach, self.stack))
        parts = self.stack.parts
        for part in parts.values():
            part.ended = self.tell_end
        victim = parts.get("worker", app)
        runs_jobs = [part for part in parts.values() if part in (app, victim)]
        self.shown = Shown(runs_jobs, self.screen.show_log)
        inbox = parts["mailbox"].url if "mailbox" in parts else None
        self.screen.write("", f"{self.approach.name}: {self.variant.title}", self.variant.summary)
        name = "API" if victim is app else victim.name
        self.screen.write(*commands_to_try(app.url, inbox, name, victim.pid))
        self.shown.say_new()
        if before:
            self.screen.say(f"Kept from before: {in_words(before)}. They go on.")
        self.show_places()

    def show_places(self) -> None:
        """Print where everything is."""
        lines = [f"  {what:<12}{where}" for what, where in self.places()]
        self.screen.write("", *lines, "  Ctrl-C here ends all of it.")

    def places(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to look at and its address."""
        parts, stack = self.stack.parts, self.stack
        yield from self.pages
        yield "Swagger UI", f"{self.app.url}/docs"
        if "mailbox" in parts:
            yield "Inbox", f"{parts['mailbox'].url}  (with switches: slow, later, refuse)"
        else:
            yield "Inbox", "your own mail server (SMTP_URL)"
        others = find_variants(self.approach, stack.root)
        for variant in (each for each in others if each != self.variant):
            switch = " ".join(f"{key}={value}" for key, value in variant.env.items())
            number = self.approach.name.partition("_")[0]
            yield "Variant", f"make {number} {switch.format(data_dir=shorten(stack.data_dir))}"
        yield "Data, logs", shorten(stack.data_dir)
        if self.settings:
            values = " ".join(f"{key}={value}" for key, value in self.settings.items())
            yield "Settings", f"{values}  (short, to watch)"
        names = [f"{self.screen.name(name)} {part.pid}" for name, part in parts.items()]
        yield "Processes", ", ".join(names)

    def revive(self, part: Part) -> None:
        """Start an ended process again, unless the live page has done so."""
        part.restart()
        self.shown.say_new()
        self.show_places()

    def tell_end(self, part: Part) -> None:
        """Say how a process has ended and what becomes of its jobs."""
        code = part.code or 0
        how = f"was killed by signal {-code}" if code < 0 else f"has ended with code {code}"
        name = self.screen.name(part.name)
        self.screen.say(f"{name} (process {part.pid}) {how}. {self._tell_fate(part)}")
        self.screen.say(f"starting {name} again …")
        if part.name == "worker":
            self.screen.expect_banner()

    def _tell_fate(self, part: Part) -> str:
        """Say what became of the jobs of a dead process, and when those that are kept run again."""
        if part is not self.app and part.name != "worker":
            return "What it kept in memory is gone." if part.name == "mailbox" else ""
        jobs = find_open_jobs(self.data_dir).without(self._lost)
        if not jobs:
            return "No job was open."
        if part is self.app and "worker" in self.stack.parts:
            return f"{in_words(jobs, 'are')}: kept, as they are with the worker and the broker."
        if not self.keeps_jobs:
            self._lost |= jobs.ids
            return f"{in_words(jobs)}: lost."
        return f"{in_words(jobs)}: kept. {self._tell_when(part, jobs)}"

    def _tell_when(self, part: Part, jobs: OpenJobs) -> str:
        if part is self.app:
            return "They go on as soon as it is up."
        url = os.environ.get("CELERY_BROKER_URL", "")
        if not jobs.running or url.startswith("amqp"):
            return f"They go on in about {TO_START_S:.0f} s."
        taken = min(jobs.running.values()) + visibility_timeout_s(self.settings)
        left_s = max(TO_START_S, taken - time.monotonic())
        return f"Those that ran run again in about {left_s:.0f} s (VISIBILITY_TIMEOUT_S)."

    def stop(self) -> None:
        """End what runs jobs, and after it the services; say what the stop waits for."""
        jobs = OpenJobs()
        if self.approach.name in self.stack.parts:
            jobs = find_open_jobs(self.data_dir).without(self._lost)
        grace_s = self.stack.grace_s
        if jobs:
            self.screen.say(
                f"Stopping. {in_words(jobs, 'are')}: what runs has {grace_s:g} s at most to end. "
                "Ctrl-C again cuts it off."
            )
        else:
            self.screen.say("Stopping. No job is open.")
        next_word_s = grace_s - WORD_EVERY_S

        def meanwhile(parts: list[Part], left_s: float) -> None:
            nonlocal next_word_s
            self.shown.say_new()
            if left_s < next_word_s:
                next_word_s -= WORD_EVERY_S
                names = [f"{self.screen.name(part.name)} (process {part.pid})" for part in parts]
                self.screen.say(
                    f"Waiting for {' and '.join(names)}, {left_s:.0f} s at most. "
                    "Ctrl-C again cuts it off."
                )

        try:
            self.stack.stop_apps(meanwhile)
        except KeyboardInterrupt:
            self.screen.say("Cut off: what runs jobs was killed, and the services end after it.")
        self.shown.say_new()
        if jobs:
            self.screen.say(self._tell_ends(jobs))

    def _tell_ends(self, jobs: OpenJobs) -> str:
        """Say what became of the jobs that were open when the stop began."""
        ends = count_ends(self.data_dir, jobs.ids)
        left = ends.pop("open", 0)
        words = [f"{number} {how}" for how, number in sorted(ends.items())]
        if left:
            number = self.approach.name.partition("_")[0]
            kept = f"kept for the next make {number}" if self.keeps_jobs else "lost"
            words.append(f"{left} {kept}")
        return f"Of these jobs: {', '.join(words)}."


def find_variants(approach: Approach, root: Path) -> list[Approach]:
    """Return the approaches that run the same folder with another environment."""
    others = load_approaches(root).values()
    return [each for each in others if each.folder == approach.name != each.name]


def find_variant(approach: Approach, root: Path) -> Approach:
    """Return the variant that the reader's environment makes of an approach, or the approach."""
    for variant in find_variants(approach, root):
        if all(os.environ.get(key) for key in variant.env):
            return variant
    return approach


def visibility_timeout_s(settings: Mapping[str, str]) -> float:
    """Return after how long Redis gives a dead worker's jobs to another one."""
    chosen = {**os.environ, **settings}
    longest_job_s = float(chosen.get("JOB_TIMEOUT_S") or 300)
    return float(chosen.get("VISIBILITY_TIMEOUT_S") or max(360, longest_job_s + 60))


def shorten(path: Path) -> str:
    """Return a path as seen from the current folder, if it lies there."""
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def find_unknown(url: str, task_ids: set[str]) -> set[str]:
    """Return the tasks that the app at `url` does not know, because they were lost before."""
    asked_by = {"asked-by": "lab"}  # the screen leaves these requests out
    with httpx.Client(base_url=url, trust_env=False, verify=TRUSTS_NOBODY) as client:
        answers = {each: client.get(f"/tasks/{each}", params=asked_by) for each in task_ids}
    return {each for each, answer in answers.items() if answer.status_code == 404}
