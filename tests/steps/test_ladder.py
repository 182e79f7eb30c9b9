"""The rules of the ladder: seven small programs in each folder, one idea from each to the next."""

import ast
import difflib
import re
import sys
from itertools import pairwise

import pytest

from lab.steps.ladder import Step, find_steps
from lab.steps.transcript import parse

STEPS = find_steps()
FOLDERS = sorted({step.folder for step in STEPS})
NAMES = [
    "s1_answer_first",
    "s2_ask_later",
    "s3_one_fails",
    "s4_it_blocks",
    "s5_take_it_back",
    "s6_stop",
    "s7_kill",
]
MAY_IMPORT = {"anyio", "celery", "fastapi", "kombu", "redis", *sys.stdlib_module_names}
# What any row may define, in the order in which it does.
ORDER = [
    "REDIS_URL",
    "LIMIT",
    "DRAIN_S",
    "LONGEST_S",
    "Task",
    "celery",
    "PATIENCE",
    "tasks",
    "running",
    "db",
    "queue",
    "threads",
    "lifespan",
    "app",
    "draw_invoice",
    "send_email",
    "save",
    "run",
    "worker",
    "create_email",
    "read_task",
    "cancel_task",
]
by_name = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.short.replace("/", "-"))


def get(folder: str, name: str) -> Step:
    return next(step for step in STEPS if (step.folder, step.path.stem) == (folder, name))


def read(step: Step) -> ast.Module:
    return ast.parse(step.path.read_text(encoding="utf-8"))


def find_code(step: Step) -> list[str]:
    """Return the lines that are neither empty nor part of the module's docstring."""
    end = read(step).body[0].end_lineno or 0
    return [each for each in step.path.read_text("utf-8").splitlines()[end:] if each.strip()]


def count_added(old: list[str], new: list[str]) -> int:
    """Count the lines that were added; one that takes the place of another was changed."""
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return sum(max(0, (d - c) - (b - a)) for kind, a, b, c, d in codes if kind != "equal")


def find_names(step: Step) -> list[str]:
    """Return what the module defines, in its order."""
    names = []
    for node in read(step).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.append(name)
            case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
            case ast.Assign(targets=[ast.Name(id=name)]):
                names.append(name)
    return names


def test_each_folder_has_the_same_seven_steps() -> None:
    assert len(FOLDERS) == 4
    for folder in FOLDERS:
        assert [step.path.stem for step in STEPS if step.folder == folder] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_row_asks_one_question(name: str) -> None:
    assert len({get(folder, name).question for folder in FOLDERS}) == 1
    assert get(FOLDERS[0], name).question.endswith("?")


@by_name
def test_a_step_is_a_whole_program_that_imports_nothing_of_the_repository(step: Step) -> None:
    imported = set()
    for node in ast.walk(read(step)):
        if isinstance(node, ast.Import):
            imported |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").partition(".")[0])

    assert imported <= MAY_IMPORT
    assert "app" in find_names(step)


@by_name
def test_a_step_has_at_most_a_hundred_lines_of_code(step: Step) -> None:
    assert len(find_code(step)) <= 100


@by_name
def test_the_docstring_has_the_question_the_command_and_two_to_four_sentences(step: Step) -> None:
    docstring = ast.get_docstring(read(step)) or ""
    question, command, text = docstring.split("\n\n")
    mode = "run" if step.short[3:] in ("s6", "s7") else "dev"

    assert question == step.question
    assert f"    fastapi {mode} {step.folder}/steps/{step.path.name}" in f"{command}\n".splitlines()
    assert 2 <= len(re.findall(r"[.:?](?:\s|$)", text)) <= 6
    assert f"`{step.transcript.name}`" in text


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_step_adds_at_most_twenty_lines_to_the_one_before(folder: str) -> None:
    steps = [get(folder, name) for name in NAMES]

    added = {b.short: count_added(find_code(a), find_code(b)) for a, b in pairwise(steps)}

    assert all(count <= 20 for count in added.values()), added


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_name_of_a_step_disappears_in_the_next(folder: str) -> None:
    for old, new in pairwise(get(folder, name) for name in NAMES):
        assert set(find_names(old)) <= set(find_names(new)), new.short


@by_name
def test_all_steps_define_the_same_names_in_the_same_order(step: Step) -> None:
    names = find_names(step)

    assert [each for each in ORDER if each in names] == names


@by_name
def test_a_transcript_is_short_and_each_command_can_be_copied(step: Step) -> None:
    blocks = parse(step.transcript.read_text(encoding="utf-8"))
    commands = [block.command for block in blocks]
    curls = [each for each in commands if "curl" in each]

    assert curls
    assert all(re.search(r"\bcurl -sS ", each) for each in curls)
    assert not any("--json" in each or "localhost" in each for each in curls)
    assert any(f"{step.folder}/steps" in each and step.path.stem in each for each in commands)
    assert sum(1 + len(block.printed) for block in blocks) <= 75
