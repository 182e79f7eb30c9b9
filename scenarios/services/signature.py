"""Signed webhooks (Standard Webhooks): what a sender writes, and what a receiver checks."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping

TOLERANCE_S = 300
PREFIX = "whsec_"


class BadSignature(ValueError):
    """Says why a webhook is not believed."""


# --8<-- [start:sign]
def sign(secret: str, message_id: str, sent_at: str, content: bytes) -> str:
    """Return the signatures of one webhook; `sent_at` is the time in whole seconds since 1970.

    While secrets are changed there are two of each: a receiver accepts what one of its own fits.
    """
    signed = f"{message_id}.{sent_at}.".encode() + content
    digests = (hmac.digest(key, signed, hashlib.sha256) for key in read_keys(secret))
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def read_keys(secret: str) -> list[bytes]:
    """Return the key of `whsec_…`, or of several such that blanks part; else the text is the key.

    Raises ValueError, without the secret, if what follows `whsec_` is not base64 or empty.
    """
    parts = secret.split()
    if not parts or not all(part.startswith(PREFIX) for part in parts):
        return [secret.encode()]
    return [decode(part.removeprefix(PREFIX)) for part in parts]


def decode(text: str) -> bytes:
    try:
        key = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except ValueError:
        key = b""
    if not key:
        raise ValueError(f"a secret that begins with {PREFIX!r} goes on in base64")
    return key


# --8<-- [end:sign]
class Receiver:
    """Checks webhooks; it remembers the ids of those that are still in time."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._seen: dict[str, float] = {}

    def is_new(self, headers: Mapping[str, str], content: bytes, now: float | None = None) -> bool:
        """Tell whether to act on it: the second one of an id is a repetition, or a replay.

        Raises `BadSignature` if no signature is of one of the secrets, or it is not in time.
        """
        now = time.time() if now is None else now
        message_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        wanted = sign(self._secret, message_id, sent_at, content).encode().split()
        found = headers.get("webhook-signature", "").encode().split()
        if not any(hmac.compare_digest(one, other) for one in found for other in wanted):
            raise BadSignature("the signature does not fit the id, the time and the content")
        # Not before the signature is checked: a forged header may hold any text.
        if abs(now - int(sent_at)) > TOLERANCE_S:
            raise BadSignature(f"sent at {sent_at}, more than {TOLERANCE_S} s from now")
        return self._remember(message_id, now)

    def _remember(self, message_id: str, now: float) -> bool:
        # Twice the tolerance: a webhook may be dated from the future by one.
        oldest = now - 2 * TOLERANCE_S
        self._seen = {each: at for each, at in self._seen.items() if at >= oldest}
        is_new = message_id not in self._seen
        self._seen.setdefault(message_id, now)
        return is_new
