"""Keeps the mail that has arrived, up to a number of messages and bytes."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as ParsedMessage

import idna
from aiosmtpd.smtp import Envelope
from pydantic import BaseModel, Field

MAX_MESSAGES = 10_000
MAX_KEPT_BYTES = 64 * 1024**2


class Message(BaseModel):
    """One message as it arrived."""

    number: int = Field(description="1 for the first message since the start.")
    to: str = Field(description="Recipients of the envelope, parted by commas.")
    sender: str = Field(serialization_alias="from")
    subject: str
    task_id: str = Field(description="The X-Task-ID header.")
    message_id: str
    date: str = Field(description="The Date header.")
    received_at: datetime
    size_bytes: int
    body: str | None = None


class Inbox:
    """The newest messages, as many as fit."""

    def __init__(
        self, max_messages: int = MAX_MESSAGES, max_kept_bytes: int = MAX_KEPT_BYTES
    ) -> None:
        self.received = 0
        self._max_messages = max_messages
        self._max_kept_bytes = max_kept_bytes
        self.open_sessions = 0  # SMTP clients that are connected now
        self._messages: deque[Message] = deque()
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)

    def add(self, envelope: Envelope) -> None:
        """Keep a message, and forget the oldest ones if there are too many."""
        self.received += 1
        message = read_message(self.received, envelope)
        self._messages.append(message)
        self._kept_bytes += message.size_bytes
        while self._is_too_full():
            self._kept_bytes -= self._messages.popleft().size_bytes

    def clear(self) -> None:
        """Forget all messages; the numbers go on."""
        self._messages.clear()
        self._kept_bytes = 0

    def find(self, task_id: str | None, to: str | None) -> list[Message]:
        """Return the messages of a task, of a recipient, or all, the oldest first."""
        return [
            message
            for message in self._messages
            if task_id in (None, message.task_id) and to in (None, message.to)
        ]

    def _is_too_full(self) -> bool:
        return len(self) > self._max_messages or self._kept_bytes > self._max_kept_bytes


def read_message(number: int, envelope: Envelope) -> Message:
    """Read what is shown of a message, however broken it is."""
    content = envelope.content or b""
    raw = content if isinstance(content, bytes) else content.encode()
    # The older policy, because the newer one raises on some malformed headers.
    parsed = message_from_bytes(raw, policy=policy.compat32)
    return Message(
        number=number,
        to=_clean(", ".join(map(_in_its_script, envelope.rcpt_tos))),
        sender=_header(parsed, "From") or _clean(envelope.mail_from or ""),
        subject=_header(parsed, "Subject"),
        task_id=_header(parsed, "X-Task-ID"),
        message_id=_header(parsed, "Message-ID"),
        date=_header(parsed, "Date"),
        received_at=datetime.now(UTC),
        size_bytes=len(raw),
        body=_body(parsed),
    )


def _header(message: ParsedMessage, name: str) -> str:
    raw = str(message.get(name, ""))
    try:
        return _clean(str(make_header(decode_header(raw)))).strip()
    except (LookupError, ValueError, HeaderParseError):
        return _clean(raw).strip()


def _in_its_script(address: str) -> str:
    """Return `info@bücher.example.com` for `info@xn--bcher-kva.example.com`."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{idna.decode(domain)}"
    except idna.IDNAError:
        return address


def _body(message: ParsedMessage) -> str:
    texts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    payload = texts[0].get_payload(decode=True) if texts else None
    return payload.decode(errors="replace") if isinstance(payload, bytes) else ""


def _clean(text: str) -> str:
    """Replace what UTF-8 cannot carry: bytes that a client sent in an unknown encoding."""
    return text.encode(errors="replace").decode()
