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
MOST_RECIPE_LINES = 100
MOST_FILES = 15  # in a folder, beside its __init__.py
# What each room may import; tests may import all of them, and nothing imports tests.
ARROWS: dict[str, set[str]] = {
    "scenarios": set(),
    **{folder: {"scenarios"} for folder in FOLDERS},
    "lab": set(),  # it talks HTTP with the numbered folders, as a user does
    "bench": {"lab", "scenarios"},
    "workshop": {"lab"},
    "site_making": {"lab", "bench", "workshop", "scenarios"},
}
OURS = {*ARROWS, "tests"}
STARTER = "forks.py"  # starts the programs, as `python -m` would
UNIT = "tests/queue"  # 04 without HTTP, by a link with a name that can be imported
WEB_SIDE = {
    "http.py",
    "edge.py",
    "docs_page.py",
}  # of the contract: nothing else of the work knows FastAPI, but the routes that recipes share
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

    lines = [line for line in source.splitlines() if "--8<--" not in line]  # marks for pages
    assert 60 <= len(lines) <= MOST_LINES
    assert "restart" in (ast.get_docstring(ast.parse(source)) or "")


@by_folder
def test_no_recipe_is_longer_than_a_reader_can_take_in(name: str) -> None:
    for path in (ROOT / name / "recipes").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_RECIPE_LINES, path


@pytest.mark.parametrize("room", ARROWS)
def test_no_arrow_runs_back(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        assert imported_roots(path) & OURS <= ARROWS[room] | {room}, path


@by_folder
def test_a_step_imports_nothing_of_the_repository(name: str) -> None:
    for path in (ROOT / name / "steps").rglob("*.py"):
        assert not imported_roots(path) & {*OURS, "."}, path


def test_the_work_knows_neither_web_nor_queue() -> None:
    barred = {"fastapi", "starlette", "celery"}

    for path in (ROOT / "scenarios").rglob("*.py"):
        is_web = path.name in WEB_SIDE or path.parent.name == "recipes"
        allowed = {"fastapi", "starlette"} if is_web else set()
        assert not imported_roots(path) & barred - allowed, path


def test_recipes_call_other_services_in_one_way() -> None:
    for path in ROOT.glob("0*/recipes/*.py"):
        assert not imported_roots(path) & {"aiohttp", "httpx", "requests"}, path


def test_the_lab_reads_neither_pages_nor_exercises() -> None:
    for path in (ROOT / "lab").rglob("*.py"):
        texts = [node.value for node in ast.walk(parse(path)) if isinstance(node, ast.Constant)]
        read = {str(text).partition("/")[0] for text in texts}
        assert not read & {"docs", "workshop", "tests"}, path


def test_no_folder_holds_more_files_than_a_reader_can_take_in() -> None:
    rooms = [each for each in (*ARROWS, "tests") if each != "workshop"]
    folders = {path.parent for room in rooms for path in (ROOT / room).rglob("*.py")}

    for folder in folders:
        files = [path for path in folder.iterdir() if path.is_file()]
        assert len([path for path in files if path.name != "__init__.py"]) <= MOST_FILES, folder


@pytest.mark.parametrize("folder", ["lab", "tests"])
def test_numbered_folders_are_reached_over_http_only(folder: str) -> None:
    links = [path for path in (ROOT / folder).rglob("*") if path.is_symlink()]
    assert [str(link.parent.relative_to(ROOT)) for link in links] == [UNIT] * (folder == "tests")
    for path in (ROOT / folder).rglob("*.py"):
        if path.name == STARTER:
            continue
        # Their names begin with a digit: only a function could import them.
        names = {node.attr for node in ast.walk(parse(path)) if isinstance(node, ast.Attribute)}
        names |= {node.id for node in ast.walk(parse(path)) if isinstance(node, ast.Name)}
        assert not names & {"import_module", "run_module", "__import__"}, path
        assert UNIT in str(path) or not any("custom_queue" in each for each in modules(path)), path


def modules(path: Path) -> list[str]:
    return [node.module or "" for node in ast.walk(parse(path)) if isinstance(node, ast.ImportFrom)]


def test_all_approaches_promise_or_deny_the_same_things() -> None:
    promises = {name: set(approach.promises) for name, approach in APPROACHES.items()}

    first, *others = promises.values()
    assert all(other == first for other in others), promises
