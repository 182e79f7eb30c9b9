"""What a client asks of a probe, and what it is told of one."""

from pydantic import BaseModel, Field, field_validator

from scenarios import get_settings
from scenarios.contract import Status

from .jobs import LONGEST_WAIT_S

settings = get_settings()


class Probe(BaseModel):
    """What to ask, and how often."""

    source: str = Field(description="One of SOURCES.")
    every_s: float = Field(ge=0.1, le=LONGEST_WAIT_S)

    @field_validator("source")
    @classmethod
    def check_source(cls, source: str) -> str:
        if source not in settings.sources:
            raise ValueError("this is none of SOURCES")
        return source


class ProbeState(BaseModel):
    """How a probe is."""

    source: str
    every_s: float
    task_id: str
    status_url: str
    status: Status
    due: float = Field(description="When it runs next, or ought to have begun; epoch seconds.")
    runs: int = 0
    failures: int = 0
    last_error: str | None = None
