"""A client for the HTTP side of the mail server: its switches, and what has arrived."""

from typing import Self

import httpx

from lab.plain_http import TRUSTS_NOBODY

# Longer than any measurement, so that every client waits until `release`.
HELD_S = 300


class Mailbox:
    """The mail server at `url`."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, trust_env=False, verify=TRUSTS_NOBODY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._client.close()

    def hold(self) -> None:
        """Answer no client at RCPT, so that nothing is delivered."""
        self.switch(delay_s=HELD_S)

    def switch(self, **behaviour: object) -> None:
        """Turn on switches of `lab/mailbox/behaviour.py`."""
        self._client.put("/behaviour", json=behaviour).raise_for_status()

    def release(self) -> None:
        """Answer every client at once, also those that are held."""
        self._client.delete("/behaviour").raise_for_status()

    def open_sessions(self) -> int:
        """Count the SMTP clients that are connected now."""
        return int(self._client.get("/count").raise_for_status().json()["open_sessions"])

    def delivered(self) -> list[str]:
        """Return the X-Task-ID of each message, once for each copy."""
        messages = self._client.get("/messages").raise_for_status().json()
        return [message["task_id"] for message in messages]
