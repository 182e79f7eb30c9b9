"""What a client reads about an error: a sentence, and nothing that belongs to the server alone."""

import sys
import time
from pathlib import Path

import pytest
from PIL import UnidentifiedImageError

from scenarios.errors import TransientError, WorkError, explain

SECRET = "/srv/secret/folder/file.txt"


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("a bug in the error itself")


def raise_import_error() -> None:
    from scenarios.errors import nothing  # type: ignore[attr-defined]  # noqa: F401, on purpose


def caught(call: object, *arguments: object) -> Exception:
    assert callable(call)
    try:
        call(*arguments)
    except Exception as error:  # noqa: BLE001, what it raises is what is tested
        return error
    raise AssertionError("it raised nothing")


@pytest.mark.parametrize(
    "error",
    [
        caught(open, SECRET),
        caught(Path(SECRET).unlink),
        caught(Path(sys.prefix).rmdir),
        caught(raise_import_error),
        caught(compile, "(", SECRET, "exec"),
        FileNotFoundError(2, "No such file or directory", SECRET),
        FileExistsError(17, "File exists", SECRET, None, f"{SECRET}.tmp"),
        UnidentifiedImageError(f"cannot identify image file {SECRET!r}"),
        UnidentifiedImageError("cannot identify image file 'var/uploads/0199'"),
        RuntimeError(f"File at path {SECRET} does not exist."),
        RuntimeError(f"cannot use ({SECRET})"),
        ValueError(Path(SECRET)),
        KeyError(SECRET),
        ExceptionGroup(f"two of {SECRET}", [OSError(SECRET)]),
        WorkError(f"the picture is damaged: {Path.cwd() / 'var' / 'uploads' / 'x'}"),
        TransientError(f"cannot read {sys.prefix}/lib/python3/x.py"),
    ],
)
def test_no_path_of_the_server_is_told(error: Exception) -> None:
    sentence = explain(error)

    for path in ("/srv", "/secret", "var/uploads", sys.prefix, str(Path.cwd()), ".py"):
        assert path not in sentence
    assert sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (WorkError("row 2: 'and/or/else' is no date"), "row 2: 'and/or/else' is no date"),
        (TransientError("see https://example.com/a/b"), "see https://example.com/a/b"),
        (
            ZeroDivisionError("division by zero"),
            "the job failed: ZeroDivisionError: division by zero",
        ),
        (
            ValueError("ask https://example.com/a/b"),
            "the job failed: ValueError: ask https://example.com/a/b",
        ),
        (
            OSError(28, "No space left on device"),
            "the job failed: OSError: No space left on device",
        ),
        (TimeoutError(), "the job failed: TimeoutError"),
        (Speechless(), "the job failed: Speechless"),
        (ValueError("no redis://:p4ss@host/0"), "the job failed: ValueError: no redis://…@host/0"),
        (WorkError("x" * 5000), "x" * 1000 + "…"),
        (WorkError(), "the job failed: WorkError"),
    ],
)
def test_the_rest_of_a_sentence_is_told(error: Exception, sentence: str) -> None:
    assert explain(error) == sentence


@pytest.mark.parametrize(
    "words", ["'" + "/a" * 20_000, "://" * 20_000, "'/\"/" * 20_000, "/a/" * 20_000]
)
def test_long_words_take_no_time(words: str) -> None:
    began = time.monotonic()
    sentence = explain(ValueError(words))

    assert time.monotonic() - began < 1
    assert len(sentence) < 1100
