"""Send one e-mail: short, waits for a server, may fail now and succeed later."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from email.contentmanager import raw_data_manager
from email.header import Header
from email.message import EmailMessage
from email.policy import compat32
from email.utils import formataddr, formatdate, parseaddr
from functools import partial
from typing import Any

import aiosmtplib
import idna

from .contract import JSONDict
from .errors import TransientError, WorkError
from .files import recall, remember
from .settings import get_settings
from .status import ReportProgress
from .text import one_line

TIMEOUT_S = 10
LONGEST_PLAIN = 60  # characters of a header that needs neither encoding nor a second line
SEVEN_BIT = compat32.clone(cte_type="7bit")  # a server need not take more
WIRE = compat32.clone(linesep="\r\n")
# 220 and 221 are no answer to a command. aiosmtplib takes 250 for a yes itself, and complains of it
# only as the answer to DATA, where it needs 354.
NOT_YET = {220, 221, 250}


# --8<-- [start:send]
async def send_email(
    task_id: str, to: str, subject: str, body: str, report_progress: ReportProgress
) -> JSONDict:
    """Hand one message to the mail server and return `to` and `message_id`.

    A crash between the server's yes and the note of it sends a second copy with the same
    Message-ID; so does a connection that breaks after the last line and before the answer.
    Raises `WorkError` on a 5xx answer, `TransientError` on 4xx or no answer.
    """
    report_progress(0)
    if done := recall(task_id):
        return done
    message = compose(task_id, to, subject, body)
    # Asked last: the task may have been cancelled, or be another process's by now.
    await stoppable(deliver(message, before_data=partial(report_progress, 50)))
    return remember(task_id, {"to": to, "message_id": message["Message-ID"]})


# --8<-- [end:send]
# --8<-- [start:compose]
def compose(task_id: str, to: str, subject: str, body: str) -> EmailMessage:
    """Build the message; names and text may be in any script.

    The newer policies of `email` read a text that is set as if it came from a server: they decode
    `=?utf-8?q?=0D=0A?=` to a line break (CVE-2024-6923), and lose blanks of long texts in Python
    3.11 and 3.12 (cpython#92081). The older one writes what it is given.
    """
    name, sender = parseaddr(get_settings().mail_from)
    message = EmailMessage(policy=SEVEN_BIT)
    message["From"] = formataddr((name, to_ascii(sender)))
    # An address beyond ASCII is written as it is, in UTF-8: `deliver` asks whether it may be.
    message["To"] = to_ascii(to).encode().decode("ascii", "surrogateescape")
    message["Subject"] = encode_words(subject)
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = f"<{task_id}@{to_ascii(sender).rpartition('@')[2]}>"
    message["X-Task-ID"] = task_id
    message.set_content(body, content_manager=raw_data_manager)
    return message


def encode_words(text: str) -> str | Header:
    """Return a header that reads as `text` again, also where it looks like an encoded word."""
    is_plain = text.isascii() and text.isprintable() and text == text.strip() and "=?" not in text
    if is_plain and len(text) <= LONGEST_PLAIN:
        return text
    return Header(text, "utf-8", header_name="Subject")


def to_ascii(address: str) -> str:
    """Return the address with its domain as DNS knows it (IDNA); what stands before the @ stays."""
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"


# --8<-- [end:compose]
async def stoppable(work: Coroutine[Any, Any, None]) -> None:
    """Await `work`; a cancel is repeated until it is heard.

    `asyncio.wait_for` of Python 3.11, which aiosmtplib uses, swallows one that comes together
    with the answer it waits for: the message would be sent though its task is cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)
        if not task.cancelled():
            task.exception()  # else asyncio logs one that nobody has asked for
        raise


# --8<-- [start:deliver]
async def deliver(
    message: EmailMessage,
    timeout_s: float = TIMEOUT_S,
    before_data: Callable[[], None] | None = None,
) -> None:
    """Pass `message` to SMTP_URL, with STARTTLS where the server offers it.

    Each step says what was refused: a wrong password is not the recipient's fault. What
    `before_data` raises prevents the message at the last moment.
    """
    server = get_settings().mail_server
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        timeout=timeout_s,
        use_tls=server.use_tls,
        start_tls=False,
    )
    try:
        with step("the connection"):
            await client.connect()
        await greet(client)
        if client.supports_extension("starttls") and not server.use_tls:
            with step("to encrypt the connection (STARTTLS)"):
                await client.starttls()
            await greet(client)
        if server.user:
            await log_in(client, server.user, server.password or "")
        await name_sender_and_recipient(client, message)
        if before_data:
            before_data()
        with step("the message"), any_yes():
            await client.data(message.as_bytes(policy=WIRE))
        with suppress(aiosmtplib.SMTPException):  # the message is taken, whatever is said now
            await client.quit(timeout=min(timeout_s, 1))
    finally:
        client.close()  # `async with` would wait for a last word of the server, also if cancelled


async def greet(client: aiosmtplib.SMTP) -> None:
    """Ask what the server can do; one that does not know the question is greeted the old way."""
    with step("our greeting (EHLO)"):
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError as error:
            if error.code < 500:
                raise
            await client.helo()


async def log_in(client: aiosmtplib.SMTP, username: str, password: str) -> None:
    """Log in; the words of the answer are left out: some servers repeat what they were sent."""
    if not client.supported_auth_methods:
        raise WorkError("SMTP_URL names a user, but the mail server offers no login that we know")
    with step("the login of SMTP_URL", quote=False):
        await client.login(username, password)


async def name_sender_and_recipient(client: aiosmtplib.SMTP, message: EmailMessage) -> None:
    """Ask the server whether it takes a message from this sender to this recipient."""
    sender = parseaddr(message["From"])[1]
    to = dict(message.raw_items())["To"].encode("ascii", "surrogateescape").decode()
    options = ["SMTPUTF8", "BODY=8BITMIME"] if not to.isascii() else []
    if options and not client.supports_extension("smtputf8"):
        wanted = "only ASCII before the @ (it has no SMTPUTF8)"
        raise WorkError(f"cannot deliver to {to!r}: the mail server takes {wanted}")
    with step(f"the sender {sender!r}"), any_yes():
        await client.mail(sender, options=options)
    with step(repr(to), role=" (the recipient)"), any_yes():
        await client.rcpt(to, encoding="utf-8")


@contextmanager
def step(what: str, *, role: str = "", quote: bool = True) -> Iterator[None]:
    """Turn what goes wrong into a sentence: 5xx is for good, anything else may pass."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        # A server may send any bytes; -1 stands for something that is no answer at all.
        words = one_line(" ".join(error.message.split())[:200]) if quote else ""
        answer = f"{error.code} {words}".strip() if error.code > 0 else "what it says is not SMTP"
        kind = WorkError if error.code >= 500 else TransientError
        raise kind(f"the mail server refused {what}: {answer}{role}") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPConnectError) else error
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = f"the certificate of the mail server is not valid: {cause.verify_message}"
            raise WorkError(reason) from error
        # The words of the exception may hold an address, or nothing at all.
        fault = "took too long to answer" if isinstance(error, TimeoutError) else "broke off"
        raise TransientError(f"the mail server {fault} at this step: {what}{role}") from error


@contextmanager
def any_yes() -> Iterator[None]:
    """Take each answer that begins with 2 for a yes, as RFC 5321 asks, and not 250 alone.

    To try again after one of the others would send the message a second time. But 250 to DATA
    comes before the message is sent, so it is no yes to the message.
    """
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        if not 200 <= error.code < 300 or error.code in NOT_YET:
            raise


# --8<-- [end:deliver]
