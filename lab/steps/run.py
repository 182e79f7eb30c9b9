"""Runs one step for a reader: all its servers in one terminal, reloaded when the file is saved."""

import re
import textwrap
import time
from pathlib import Path

from rich.console import Console

from lab.approaches import ROOT
from lab.errors import LabError
from lab.processes.part import Part
from lab.processes.saved_file import SavedFile
from lab.processes.signals import signals_exit
from lab.screen import Terminal, words_on_proxy

from .ladder import Step, find_step
from .servers import BROKER, Servers, find_label
from .transcript import Block, parse
from .values import find_bound, find_values

GRACE_S = 5.0  # an idle worker of Celery takes almost three
LOOK_S = 0.05
GIVEN_UP = 0.0
TOO_SOON_S = 3.0  # a server that lives shorter than this is not started again until a save
NAMES = {"id": "TASK_ID", "pid": "PROCESS_ID"}


def run_step(name: str, console: Console, root: Path = ROOT, port: int = 8000) -> None:
    """Start the step called `01/s1` and all that it needs; show its lines until Ctrl-C."""
    step = find_step(name, root)
    blocks = parse(read_transcript(step))
    commands = find_commands(step, blocks)
    if not commands:
        raise LabError(f"{step.transcript} starts no server of {step.path.name}")
    terminal = Terminal(console)
    folder = root / "var" / "steps" / step.short.replace("/", "-")
    servers = Servers(step, folder, port=port, cwd=root, say=terminal.say, grace_s=GRACE_S)
    with signals_exit(), servers:
        try:
            servers.open()
            file = SavedFile(step.path)
            terminal.write(f"\n{step.short}  {step.question}\n", *show_commands(servers, commands))
            for label, command in commands.items():
                terminal.say(f"starting the {label} …")
                servers.begin(command)
                show_lines(servers, terminal)
            terminal.write(*show_trials(servers, blocks, commands), *show_source(step, blocks))
            follow(file, servers, commands, terminal)
        except (KeyboardInterrupt, SystemExit):
            terminal.write("\nStopping.")
            servers.stop(*commands)
            show_lines(servers, terminal)


def read_transcript(step: Step) -> str:
    """Return the transcript of a step; raise LabError if there is none."""
    try:
        return step.transcript.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LabError(
            f"{step.path.name} has no transcript: write the commands that start it "
            f"into {step.transcript}"
        ) from None


def find_commands(step: Step, blocks: list[Block]) -> dict[str, str]:
    """Return the first command that starts each server of this step."""
    commands = dict[str, str]()
    for block in blocks:
        # A transcript may begin with the step before, or with a start that fails, to show why.
        if _starts(step, block) and not _fails(block):
            commands.setdefault(find_label(block.command), block.command)
    return commands


def _starts(step: Step, block: Block) -> bool:
    return bool(find_label(block.command)) and step.path.stem in block.command


def _fails(block: Block) -> bool:
    return any(re.match(r"\w+Error: ", line.text) for line in block.printed if line.label)


def show_commands(servers: Servers, commands: dict[str, str]) -> list[str]:
    """Return what is run, as a reader would type it."""
    lines = ["What runs here, as you would start it by hand (source .venv/bin/activate):", ""]
    if BROKER in servers.parts and not any("REDIS_URL=" in each for each in commands.values()):
        lines += ["  # make has started a Redis. To start these yourself, first tell where it is:"]
        lines += [f"  export REDIS_URL={servers.env['REDIS_URL']}"]
    return [*lines, *(f"  {servers.with_port(each)}" for each in commands.values()), ""]


def show_trials(servers: Servers, blocks: list[Block], commands: dict[str, str]) -> list[str]:
    """Return the lines to try in a second terminal: those after the start of this step."""
    lines = list[str]()
    started = set[str]()
    printed = set[str]()
    for block in blocks:
        command = block.command
        label = find_label(command)
        if not label:
            if started:
                lines += [*block.said, servers.put_ports(name_values(command, printed))]
        elif command in started:
            lines.append(
                f"# The {label} is started again for you as a new process; wait until it is ready."
            )
            lines += block.said
        elif command in commands.values():
            started.add(command)
        elif started and not _fails(block):
            lines += [*block.said, "# In the first terminal, after `source .venv/bin/activate`:"]
            lines.append(servers.with_port(command))
        printed |= {value.text for line in block.printed for value in find_values(line.text)}
    head = ["", "Try it in a second terminal. Ctrl-C here ends all of it.", *words_on_proxy()]
    if names := [each for each in NAMES.values() if any(each in line for line in lines)]:
        head.append(f"In the place of {' and '.join(names)} write what your run has printed.")
    return [*head, "", *(f"  {part}" for line in lines for part in fold(line)), ""]


def fold(line: str) -> list[str]:
    """Break a long explanation between two words; a command stays one line, to be copied."""
    return textwrap.wrap(line, 78, subsequent_indent="# ") if line.startswith("# ") else [line]


def show_source(step: Step, blocks: list[Block]) -> list[str]:
    """Say where the reader finds what these lines should print."""
    first = next(block for block in blocks if find_label(block.command))
    more = "" if _starts(step, first) else ", and what goes wrong without this step"
    return [f"What you should see{more}:", "", f"  {step.transcript.relative_to(step.root)}", ""]


def name_values(command: str, printed: set[str]) -> str:
    """Replace ids that differ in the reader's run with names, as TASK_ID."""
    for value in find_bound(command):
        if value.text in printed:
            command = command.replace(value.text, NAMES[value.kind])
    return command


def show_lines(servers: Servers, terminal: Terminal) -> None:
    """Show what the servers have printed since."""
    for label, line in servers.new_lines():
        if line.strip():
            terminal.show(label, line)


def follow(file: SavedFile, servers: Servers, commands: dict[str, str], terminal: Terminal) -> None:
    """Show each new line, for ever; start a server again after a save, or when it has ended."""
    begun = dict.fromkeys(commands, time.monotonic())
    while True:
        time.sleep(LOOK_S)
        show_lines(servers, terminal)
        saved = file.was_saved()
        for label, command in commands.items():
            part = servers.parts[label]
            if part.alive and saved and " dev " not in command:  # `fastapi dev` does it itself
                terminal.say(f"the file was saved; starting the {label} again")
                servers.stop(label)
            elif part.alive or (not saved and begun[label] == GIVEN_UP):
                continue
            elif not saved and _failed(part) and time.monotonic() - begun[label] < TOO_SOON_S:
                terminal.say(f"the {label} has ended at once; save the file to start it again")
                begun[label] = GIVEN_UP
                continue
            elif not saved:
                terminal.say(f"the {label} (process {part.pid}) has ended; starting it again")
            servers.begin(command)
            begun[label] = time.monotonic()


def _failed(part: Part) -> bool:
    """Tell whether it ended by itself: what a reader has killed is started again at once."""
    return (part.code or 0) > 0
