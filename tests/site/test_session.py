"""The answers on the page about the contract are those of the running app."""

from pathlib import Path

from lab.processes.stack import Stack
from lab.steps.transcript import SAID, parse
from lab.steps.values import make_shape
from site_making.session import APPROACH, SESSION, play


def test_app_answers_as_the_page_about_the_contract_shows(tmp_path: Path) -> None:
    blocks = parse(SESSION.read_text(encoding="utf-8"))

    with Stack(tmp_path) as stack:
        seen = list(play(blocks, stack.start(APPROACH).url))

    for block, lines in zip(blocks, seen, strict=True):
        shown = [line.text for line in block.printed if line.label != SAID]
        assert [make_shape(line) for line in lines] == [make_shape(line) for line in shown]
