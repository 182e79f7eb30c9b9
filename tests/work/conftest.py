"""The work without HTTP: each test has a data folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios import files
from scenarios.settings import get_settings


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let `files` work in an empty folder, for this test alone."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    get_settings.cache_clear()
    files.make_folders()
    yield tmp_path / "var"
    get_settings.cache_clear()
