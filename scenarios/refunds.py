"""Messages of two versions: what an older release has queued, the newer one must understand."""

from .contract import JSONDict
from .errors import TransientError, WorkError

VERSION = 2


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
