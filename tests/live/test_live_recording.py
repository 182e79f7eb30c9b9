"""A recording is read as it was written, follows its schema, and can be told from other files."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from lab.errors import LabError
from lab.live.recording import FOLDER, SCHEMA, make_schema, read_recording, write_recording
from site_making.recorded import find_recordings

MOST_BYTES = 100_000
RECORDED = find_recordings()
by_recording = pytest.mark.parametrize("name", RECORDED)


def test_recordings_of_the_site_are_here() -> None:
    assert RECORDED == ["blocks", "broker_down", "kill9_api", "kill9_worker", "sigterm_api"]


def test_schema_is_that_of_the_code() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == make_schema()


@by_recording
def test_recording_is_small_and_follows_the_schema(name: str) -> None:
    path = FOLDER / f"{name}.json"

    assert path.stat().st_size < MOST_BYTES
    jsonschema_rs.validate(json.loads(SCHEMA.read_text()), json.loads(path.read_text()))


@by_recording
def test_recording_holds_no_address_of_the_machine_that_made_it(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")

    assert "://" not in text
    assert "127.0.0.1" not in text


@by_recording
def test_every_lane_of_a_recording_came_out_as_promised(name: str) -> None:
    recording = read_recording(FOLDER / f"{name}.json")

    assert recording.results.keys() == {lane.name for lane in recording.about.lanes}
    assert all(result["as_promised"] for result in recording.results.values())


@by_recording
def test_recording_is_written_as_it_was_read(name: str, tmp_path: Path) -> None:
    recording = read_recording(FOLDER / f"{name}.json")

    path = write_recording(tmp_path, recording)

    assert read_recording(path) == recording


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1, "events": []}'])
def test_other_file_is_no_recording(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)

    with pytest.raises(LabError, match="is no recording of the live page"):
        read_recording(path)
