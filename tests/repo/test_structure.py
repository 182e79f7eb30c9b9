"""The four folders keep one order and one set of names, and import what they may."""

import ast
from pathlib import Path

import pytest

from lab.approaches import ROOT
from tests.support.running import APPROACHES, FOLDERS

SHARED_ORDER = [
    "lifespan",
    "app",
    "start",
    "create_email",
    "create_report",
    "create_image",
    "read_task",
    "read_result",
    "cancel_task",
    "read_metrics",
]
MOST_LINES = 110
UNITS = {"queue_unit.py"}  # of 04, without HTTP
WEB_SIDE = "http.py"  # of the contract: the one module of the work that knows FastAPI
by_folder = pytest.mark.parametrize("name", FOLDERS)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def defined_names(module: ast.Module) -> list[str]:
    """Return functions and variables of the module in their order."""
    names: list[str] = []
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return names


def imported_roots(path: Path) -> set[str]:
    """Return the first part of each import; `.` stands for a sibling."""
    roots: set[str] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            roots |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add("." if node.level else (node.module or "").partition(".")[0])
    return roots


@by_folder
def test_sections_of_main_keep_the_shared_order(name: str) -> None:
    found = defined_names(parse(ROOT / name / "main.py"))

    expected = [each for each in SHARED_ORDER if each != "cancel_task" or each in found]
    assert [each for each in found if each in SHARED_ORDER] == expected
    assert ("cancel_task" in found) is APPROACHES[name].promises["cancel"]


@by_folder
def test_main_is_short_and_says_first_what_a_restart_does(name: str) -> None:
    source = (ROOT / name / "main.py").read_text(encoding="utf-8")

    assert 60 <= len(source.splitlines()) <= MOST_LINES
    assert "restart" in (ast.get_docstring(ast.parse(source)) or "")


@by_folder
def test_numbered_folder_imports_only_the_work_and_its_siblings(name: str) -> None:
    ours = {"scenarios", "lab", "bench", "workshop", "tests", *FOLDERS}

    for path in (ROOT / name).rglob("*.py"):
        assert imported_roots(path) & ours <= {"scenarios"}, path


def test_the_work_knows_neither_web_nor_queue_nor_folders() -> None:
    barred = {"fastapi", "starlette", "celery", "lab", "tests", *FOLDERS}

    for path in (ROOT / "scenarios").rglob("*.py"):
        allowed = {"fastapi"} if path.name == WEB_SIDE else set()
        assert not imported_roots(path) & barred - allowed, path


@pytest.mark.parametrize("folder", ["lab", "tests"])
def test_numbered_folders_are_reached_over_http_only(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        if path.name in UNITS:
            continue
        # Their names begin with a digit: only a function could import them.
        names = {node.attr for node in ast.walk(parse(path)) if isinstance(node, ast.Attribute)}
        names |= {node.id for node in ast.walk(parse(path)) if isinstance(node, ast.Name)}
        assert not names & {"import_module", "run_module", "__import__"}, path


def test_all_approaches_promise_or_deny_the_same_things() -> None:
    promises = {name: set(approach.promises) for name, approach in APPROACHES.items()}

    first, *others = promises.values()
    assert all(other == first for other in others), promises
