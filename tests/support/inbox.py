"""Read and steer the mail server of one stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lab.mailbox.client import HELD_S, Mailbox


@dataclass(frozen=True)
class Mail:
    """One message as the mail server got it."""

    task_id: str
    sender: str
    to: str
    subject: str
    message_id: str
    date: str
    body: str


class Inbox(Mailbox):
    """The HTTP side of the mail server, read and steered by a test."""

    def sent_to(self, to: str) -> list[Mail]:
        """Return what one address has received, the oldest first."""
        answer = self._client.get("/messages", params={"to": to, "body": True}).raise_for_status()
        return [
            Mail(
                task_id=message["task_id"],
                sender=message["from"],
                to=message["to"],
                subject=message["subject"],
                message_id=message["message_id"],
                date=message["date"],
                body=message["body"],
            )
            for message in answer.json()
        ]

    def task_ids_sent_to(self, to: str) -> list[str]:
        return [mail.task_id for mail in self.sent_to(to)]

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Answer nobody until the end of this block, and then everybody at once."""
        with self._behaving({"delay_s": HELD_S}):
            yield

    @contextmanager
    def refusing(self, to: str, code: int, times: int) -> Iterator[None]:
        """Refuse the next messages to one address: 451 for now, 550 for good."""
        with self._behaving({"fail_only": to, "fail_code": code, "fail_next": times}):
            yield

    @contextmanager
    def _behaving(self, rule: dict[str, Any]) -> Iterator[None]:  # Any: numbers and texts
        self.switch(**rule)
        try:
            yield
        finally:
            self.release()
