"""Messages of two versions: what an older release has queued, the newer one must understand."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from scenarios.contract import JSONDict
from scenarios.errors import TransientError, WorkError

VERSION = 2


class Refund(BaseModel):
    """What is to be given back."""

    account: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4,34}$")]
    cents: Annotated[int, Field(ge=1, le=10_000_000, strict=True)]


# --8<-- [start:translate]
def translate(version: int, facts: JSONDict) -> JSONDict:
    """Return what a message says in the words of today."""
    if version > VERSION:
        # The API was deployed first: a newer worker will come, so this is no failure of the job.
        raise TransientError(f"a message of version {version}, and this worker knows {VERSION}")
    if version == 1:  # amounts were in euros, as floats
        return {"account": facts["account"], "cents": round(facts["euros"] * 100)}
    if version < 1:
        raise WorkError(f"refused: a message of version {version} has no meaning any more")
    return facts


# --8<-- [end:translate]
