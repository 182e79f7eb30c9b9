"""What the how-to pages show below a command is what the command prints."""

from pathlib import Path

import pytest

from lab.approaches import ROOT
from lab.steps.transcript import parse
from tests.support.running import Running

from .printed import play

FOLDER = ROOT / "docs" / "recipes" / "printed"


def test_each_command_of_a_how_to_page_prints_what_stands_below_it(
    running: Running, tmp_path: Path
) -> None:
    texts = sorted(FOLDER.glob(f"{running.approach.name[:2]}_*.txt"))
    logs = running.stack.parts.get("worker", running.part)

    assert texts
    for path in texts:
        blocks = parse(path.read_text(encoding="utf-8"))
        differences = list(play(blocks, running.part.url, logs, tmp_path))
        assert not differences, f"{path.name}: {differences[0][0]}\n\nseen:\n{differences[0][1]}"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_what_is_printed_is_shown_on_a_page(path: Path) -> None:
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs").rglob("*.md"))

    assert f'--8<-- "docs/recipes/printed/{path.name}"' in pages
