"""What an Idempotency-Key stands for: one request, told from others by its route and its body."""

import hashlib
import json

from .contract import JSONDict
from .files import upload_path

SENTENCE = "this Idempotency-Key was used for another request: take a new key for a new one"


class KeyReused(Exception):
    """The key belongs to a task that was asked for on another route or with another body."""

    def __init__(self) -> None:
        super().__init__(SENTENCE)


def fingerprint(task_id: str, kind: str, arguments: JSONDict) -> str:
    """Return what is equal for two requests only if their route and their body are.

    The arguments are those that validation has made of the body, so neither the order of JSON keys
    nor whitespace matters. Of an upload, which must have been stored, the content counts and not
    its name. Reads the whole file: call it off the event loop.
    """
    body = hashlib.sha256(json.dumps([kind, arguments], sort_keys=True).encode())
    path = upload_path(task_id)
    if path.exists():
        with path.open("rb") as upload:
            body.update(hashlib.file_digest(upload, "sha256").digest())
    return body.hexdigest()
