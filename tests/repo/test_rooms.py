"""The rooms of the house: numbered folders are complete, alike, and named after no library."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NUMBERED = ["01_background_tasks", "02_asyncio_create_task", "03_celery", "04_custom_queue"]
HEADINGS = [
    "What happens",
    "The first step",
    "What you get",
    "What you lose",
    "Where to go on",
]
OPENING = ["docstring", "import", "state"]
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

    kinds = [find_kind(node) for node in module.body]
    opening = [kind for kind in kinds if kind in OPENING]
    assert ast.get_docstring(module)
    assert opening == sorted(opening, key=OPENING.index)
    assert kinds[: len(opening)] == opening


def find_kind(node: ast.stmt) -> str:
    """Sort a statement of the module into the parts of `OPENING`, or into none."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return "docstring"
        case ast.Import() | ast.ImportFrom():
            return "import"
        case ast.Assign(targets=[ast.Name(id="app")]):
            return "app"
        case ast.Assign() | ast.AnnAssign():
            return "state"
    return "code"


@pytest.mark.parametrize("folder", [".", *NUMBERED])
def test_no_name_hides_a_library(folder: str) -> None:
    libraries = {*sys.stdlib_module_names, *packages_distributions()} - OURS

    hidden = find_importable_names(ROOT / folder) & libraries
    assert not hidden
