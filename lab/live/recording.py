"""A recording: one run as a JSON file, which the site and the live page can show again."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lab import results
from lab.errors import LabError
from lab.machine import Machine

FOLDER = Path(__file__).parent / "recordings"
SCHEMA = FOLDER / "schema.json"


class Event(BaseModel):
    """Something that happened; its other facts depend on its type."""

    model_config = ConfigDict(extra="allow")

    t: float = Field(ge=0, description="Seconds since all lanes were ready, monotonic.")
    type: str
    lane: int | None = Field(None, description="Which lane; none: the run as a whole.")


class Part(BaseModel):
    """Lines of a file that runs."""

    path: str
    first: int = Field(description="Number of the first line.")
    lines: list[str]
    marks: list[int] = Field(description="Which of the lines name a setting, from 0.")


class Lane(BaseModel):
    """One approach of a run."""

    name: str
    title: str
    promise: str = Field(description="What approaches.toml says of this fault; empty: nothing.")
    reason: str
    page: str = Field(description="A page of the site that explains it.")
    frozen: bool = Field(False, description="Its /healthz is expected to be late.")
    command: str = Field("", description="What the fault stands for.")
    code: list[Part] = Field(default_factory=list)


class About(BaseModel):
    """What was played, where and with what."""

    number: int
    preset: str
    title: str
    text: str
    ask: str
    button: str
    variant: str
    jobs: int
    kind: str
    length_s: float
    lanes: list[Lane]
    machine: Machine


class Recording(BaseModel):
    """The content of a recording file."""

    version: Literal[1] = 1
    about: About
    events: list[Event]

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """Return the result of each lane by its name."""
        lanes = [lane.name for lane in self.about.lanes]
        return {
            lanes[event.lane]: event.model_dump()
            for event in self.events
            if event.type == "result" and event.lane is not None
        }


def read_recording(path: Path) -> Recording:
    """Read a recording; raise LabError if it is none."""
    try:
        return Recording.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise LabError(f"{str(path)!r} is no recording of the live page: {error}") from None


def to_json(recording: Recording) -> str:
    """Return the text of the file: one event a line, so that differences can be read."""
    content = recording.model_dump(exclude_none=True)
    about = json.dumps(content["about"], ensure_ascii=False)
    events = ",\n".join(
        json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in content["events"]
    )
    return f'{{"version": {recording.version},\n"about": {about},\n"events": [\n{events}\n]}}\n'


def write_recording(folder: Path, recording: Recording) -> Path:
    """Write `PRESET.json`."""
    path = folder / f"{recording.about.preset}.json"
    path.write_text(to_json(recording), encoding="utf-8")
    return path


def make_schema() -> str:
    """Return the JSON schema of a recording."""
    return results.to_json(Recording.model_json_schema())
