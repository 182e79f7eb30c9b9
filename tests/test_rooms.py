"""The rooms of the house: numbered folders are complete, alike, and named after no library."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NUMBERED = ["01_background_tasks", "02_asyncio_create_task", "03_celery", "04_custom_queue"]
HEADINGS = [
    "What happens",
    "Run it",
    "What you get",
    "What you lose",
    "When to choose it",
]
OURS = {"scenarios", "lab", "bench", "workshop", "tests"}


def find_headings(markdown: str) -> list[str]:
    """Return the headings of the second level, without what stands in code blocks."""
    text = re.sub(r"^ *```.*?^ *```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^## (.+?) *$", text, flags=re.MULTILINE)


def find_importable_names(folder: Path) -> set[str]:
    """Return what `import` could take from `folder` instead of a library."""
    modules = {path.stem for path in folder.glob("*.py")}
    return modules | {path.parent.name for path in folder.glob("*/*.py")}


def test_there_are_exactly_the_four_numbered_folders() -> None:
    found = sorted(path.parent.name for path in ROOT.glob("[0-9]*/main.py"))

    assert found == NUMBERED


@pytest.mark.parametrize("name", NUMBERED)
def test_readme_has_the_five_headings(name: str) -> None:
    readme = (ROOT / name / "README.md").read_text(encoding="utf-8")

    assert find_headings(readme) == HEADINGS


@pytest.mark.parametrize("name", NUMBERED)
def test_main_opens_with_docstring_imports_and_state(name: str) -> None:
    module = ast.parse((ROOT / name / "main.py").read_text(encoding="utf-8"))

    body = [type(node).__name__ for node in module.body if not is_app(node)]
    first_function = body.index("AsyncFunctionDef")
    head, rest = body[:first_function], body[first_function:]
    assert ast.get_docstring(module)
    assert head == sorted(head, key=["Expr", "Import", "ImportFrom", "Assign", "AnnAssign"].index)
    assert not {"Import", "ImportFrom", "Assign", "AnnAssign"} & set(rest)


def is_app(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "app"


@pytest.mark.parametrize("folder", [".", *NUMBERED])
def test_no_name_hides_a_library(folder: str) -> None:
    libraries = {*sys.stdlib_module_names, *packages_distributions()} - OURS

    assert not find_importable_names(ROOT / folder) & libraries
