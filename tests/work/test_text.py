"""Text of somebody else takes one line, in logs, in sentences and in the audit log."""

import io
import logging
from collections.abc import Iterator

import pytest

from scenarios.errors import WorkError, explain
from scenarios.setup import OneLine
from scenarios.text import one_line

FORGED = "x\nINFO [] root: paid\r\x1b[2J\u2028\u202egpj.exe\x85"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    logger, stream = logging.getLogger("one line"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLine("%(levelname)s %(message)s"))

    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)


def test_forged_line_is_written_out() -> None:
    assert one_line(FORGED + "\ud800").isprintable()
    assert one_line("Grüße, 東京 \u200f🚲\u200d") == "Grüße, 東京 \u200f🚲\u200d"


def test_message_of_a_log_takes_one_line(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log

    logger.warning("%s answered 503", FORGED)

    assert len(stream.getvalue().splitlines()) == 1


def test_traceback_of_a_log_is_indented(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log

    try:
        raise ValueError(FORGED)
    except ValueError:
        logger.exception("it failed")

    first, *others = stream.getvalue().splitlines()
    assert first == "ERROR it failed"
    assert others
    assert all(line.startswith("    ") for line in others)


def test_sentence_for_a_client_takes_one_line() -> None:
    assert explain(WorkError(FORGED)).isprintable()
    explain(KeyError("\ud800")).encode()
