"""Signed webhooks (Standard Webhooks): what a sender writes, and what a receiver checks."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping

TOLERANCE_S = 300


class BadSignature(ValueError):
    """Says why a webhook is not believed."""


def sign(secret: str, message_id: str, sent_at: str, content: bytes) -> str:
    """Return the signature of one webhook; `sent_at` is the time in whole seconds since 1970."""
    signed = f"{message_id}.{sent_at}.".encode() + content
    digest = hmac.digest(secret.encode(), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


class Receiver:
    """Checks webhooks; it remembers the ids of those that are still in time."""

    def __init__(self, secret: str, tolerance_s: float = TOLERANCE_S) -> None:
        self._secret = secret
        self._tolerance_s = tolerance_s
        self._seen: dict[str, float] = {}

    def is_new(self, headers: Mapping[str, str], content: bytes, now: float | None = None) -> bool:
        """Tell whether to act on it: the second one of an id is a repetition, or a replay.

        Raises `BadSignature` if it was not signed with the secret, or not within the tolerance.
        """
        now = time.time() if now is None else now
        message_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        wanted = sign(self._secret, message_id, sent_at, content).encode()
        found = headers.get("webhook-signature", "").encode()
        if not hmac.compare_digest(found, wanted):
            raise BadSignature("the signature does not fit the id, the time and the content")
        # Only now: a forged header could hold anything.
        if abs(now - int(sent_at)) > self._tolerance_s:
            raise BadSignature(f"sent at {sent_at}, more than {self._tolerance_s:g} s from now")
        return self._remember(message_id, now)

    def _remember(self, message_id: str, now: float) -> bool:
        # Twice the tolerance: a webhook may be dated from the future by one.
        oldest = now - 2 * self._tolerance_s
        self._seen = {each: at for each, at in self._seen.items() if at >= oldest}
        is_new = message_id not in self._seen
        self._seen.setdefault(message_id, now)
        return is_new
