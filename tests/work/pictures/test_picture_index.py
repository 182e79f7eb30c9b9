"""The index of pictures finds, replaces and forgets at a cost that does not grow."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from scenarios.contract import JSONDict
from scenarios.pictures import picture_index
from scenarios.settings import get_settings

FACTS = {"format": "PNG", "operations": ["blur"], "width": 64, "height": 48}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def find(words: str) -> list[str]:
    """Return the ids of the pictures that hold all of `words`, as a search does."""
    with closing(sqlite3.connect(get_settings().data_dir / "pictures.sqlite")) as database:
        found = database.execute("SELECT task_id FROM pictures(?)", (words,)).fetchall()
    return [task_id for (task_id,) in found]


def fill(count: int) -> list[str]:
    """Index as many pictures, in one transaction."""
    task_ids = [str(uuid4()) for _ in range(count)]
    first = FACTS | {"format": "WEBP"}
    picture_index.index(str(uuid4()), first)  # makes the tables
    with (
        closing(sqlite3.connect(get_settings().data_dir / "pictures.sqlite")) as database,
        database,
    ):
        for task_id in task_ids:
            added = database.execute("INSERT INTO pictures VALUES (?, 'JPEG')", (task_id,))
            database.execute("INSERT INTO picture_rows VALUES (?, ?)", (task_id, added.lastrowid))
    return task_ids


def count_steps(monkeypatch: pytest.MonkeyPatch, facts: JSONDict) -> int:
    """Count what SQLite does to index one more picture, in thousands of its instructions."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    def connect(path: Path, timeout: float) -> sqlite3.Connection:
        database = open_database(path, timeout)
        database.set_progress_handler(count, 1000)
        return database

    open_database = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect)
        picture_index.index(str(uuid4()), facts)
    return steps


def test_picture_is_found_by_what_was_done_to_it() -> None:
    picture_index.index("a", FACTS)
    picture_index.index("b", FACTS | {"operations": ["sharpen", "grayscale"]})

    assert find("png") == ["a", "b"]
    assert find("grayscale 64x48") == ["b"]


def test_second_run_replaces_the_first() -> None:
    picture_index.index("a", FACTS)
    picture_index.index("b", FACTS)
    picture_index.index("a", FACTS | {"operations": ["sharpen"]})

    assert find("blur") == ["b"]
    assert find("sharpen") == ["a"]


def test_forgotten_pictures_are_found_no_more() -> None:
    task_ids = fill(3 * picture_index.BATCH + 1)
    picture_index.index("kept", FACTS | {"format": "JPEG"})

    picture_index.forget_pictures([*task_ids, "never there"])
    picture_index.forget_pictures(task_ids)

    assert find("JPEG") == ["kept"]


def test_pictures_are_forgotten_before_any_was_indexed() -> None:
    picture_index.forget_pictures(["never there"])
    picture_index.index("a", FACTS)

    assert find("PNG") == ["a"]


def test_index_that_an_older_version_has_filled_is_used_on() -> None:
    with (
        closing(sqlite3.connect(get_settings().data_dir / "pictures.sqlite")) as database,
        database,
    ):
        database.execute("CREATE VIRTUAL TABLE pictures USING fts5 (task_id UNINDEXED, facts)")
        database.execute("INSERT INTO pictures VALUES ('old', 'PNG blur')")

    picture_index.index("new", FACTS)
    picture_index.forget_pictures(["new"])

    assert find("PNG") == ["old"]


def test_cost_of_a_picture_does_not_grow_with_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(100)
    few = count_steps(monkeypatch, FACTS)

    fill(20_000)
    many = count_steps(monkeypatch, FACTS)

    # A DELETE that looks at each row would take some hundred thousand instructions.
    assert many <= few + 10
