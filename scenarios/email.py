"""Send one e-mail: short, waits for a server, may fail now and succeed later."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib

from .contract import JSONDict
from .errors import TransientError, WorkError
from .files import recall, remember
from .settings import get_settings
from .status import ReportProgress

TIMEOUT_S = 10


async def send_email(
    task_id: str, to: str, subject: str, body: str, report_progress: ReportProgress
) -> JSONDict:
    """Hand one message to the mail server and return `to` and `message_id`.

    A crash between the server's yes and the note of it sends a second copy with the same
    Message-ID. Raises `WorkError` on a 5xx answer, `TransientError` on 4xx or no answer.
    """
    report_progress(0)
    if done := recall(task_id):
        return done
    message = compose(task_id, to, subject, body)
    await stoppable(deliver(message))
    return remember(task_id, {"to": to, "message_id": message["Message-ID"]})


def compose(task_id: str, to: str, subject: str, body: str) -> EmailMessage:
    """Build the message; names and text may be in any script."""
    sender = get_settings().mail_from
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = f"<{task_id}@{domain}>"
    message["X-Task-ID"] = task_id
    message.set_content(body)
    return message


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
        raise


async def deliver(message: EmailMessage) -> None:
    """Pass `message` to SMTP_URL, with STARTTLS where the server offers it."""
    server = urlsplit(get_settings().smtp_url)
    client = aiosmtplib.SMTP(
        hostname=server.hostname,
        port=server.port,
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        timeout=TIMEOUT_S,
    )
    try:
        await client.connect()
        await client.send_message(message)
        with suppress(aiosmtplib.SMTPException):  # the message is taken, come what may
            await client.quit()
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _refused(message["To"], error.recipients[0]) from error
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(message["To"], error) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        # An exception here may carry a server's banner or nothing at all: say what failed.
        reason = str(error) or type(error).__name__
        raise TransientError(f"the mail server did not take the message: {reason}") from error
    finally:
        client.close()  # `async with` would wait for a last word of the server, also if cancelled


def _refused(to: str, error: aiosmtplib.SMTPResponseException) -> WorkError | TransientError:
    sentence = f"the mail server refused {to!r}: {error.code} {error.message}"
    return WorkError(sentence) if error.code >= 500 else TransientError(sentence)
