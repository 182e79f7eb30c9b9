"""Call a service of somebody else: with limits, and with an error that says what may help."""

import asyncio
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from scenarios.errors import TransientError, WorkError
from scenarios.settings import get_settings

# Made once: to read the certificates of the machine for each client would stop the event loop.
TLS = httpx.create_ssl_context()
TRY_AGAIN = {408, 425, 429}
LONGEST_WAIT_S = 24 * 3600.0
MOST_WAITS = 12  # times CALL_TIMEOUT_S: a service may also send a byte now and then, for days


# --8<-- [start:call]
async def call_async(
    service: str, method: str, url: str, *, most_bytes: int = 0, **request: Any
) -> bytes:  # Any: each argument of httpx has a type of its own
    """Call a service; return what it answers, if you say how many bytes that may be.

    By default the body is not read, because it may have no end. `request` is what httpx takes:
    `json`, `content`, `headers`. Each wait lasts CALL_TIMEOUT_S at most, and all of them together
    twelve times that.

    Raises `TransientError` for what may pass (no answer, 5xx, too many calls), with the shortest
    wait if the service names one; and `WorkError` for what will not: any other answer that is no
    success, or more than `most_bytes`. A redirect is one of these: who answers must not choose
    whom we call next. The sentences name neither address nor headers: both may hold secrets.
    """
    body = bytearray()
    timeout_s = get_settings().call_timeout_s
    with explained(service):
        async with (
            asyncio.timeout(MOST_WAITS * timeout_s),
            httpx.AsyncClient(timeout=timeout_s, verify=TLS) as client,
            client.stream(method, url, **request) as answer,
        ):
            answer.raise_for_status()  # else a 404 counts as done, and nobody learns of it
            if most_bytes:
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > most_bytes:
                        raise WorkError(f"{service} sends too much")
    return bytes(body)


# --8<-- [end:call]
def call(service: str, method: str, url: str, **request: Any) -> None:
    """Call a service as `call_async` does, and block until it answers; its body is not read."""
    asyncio.run(call_async(service, method, url, **request))


# --8<-- [start:errors]
@contextmanager
def explained(service: str) -> Iterator[None]:
    """Turn httpx' errors into `TransientError` or `WorkError`."""
    try:
        yield
    except httpx.HTTPStatusError as error:
        code = error.response.status_code
        if code >= 500 or code in TRY_AGAIN:
            retry_after_s = read_wait(error.response.headers.get("retry-after", ""))
            raise TransientError(f"{service} answered {code}", retry_after_s) from error
        raise WorkError(f"{service} answered {code}") from error
    except (httpx.HTTPError, TimeoutError) as error:
        if refusal := find_bad_certificate(error):
            raise WorkError(f"the certificate of {service} is not valid: {refusal}") from error
        raise TransientError(f"{service} did not answer: {type(error).__name__}") from error


# --8<-- [end:errors]
def find_bad_certificate(error: BaseException | None) -> str:
    """Return why a certificate is not believed, if that lies behind the error."""
    while error:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return ""


def read_wait(retry_after: str) -> float:
    """Return the seconds of a `Retry-After`, which names seconds or a time; at most a day."""
    if re.fullmatch(r"\d{1,9}", retry_after, re.ASCII):
        wait_s = float(retry_after)
    else:
        try:
            wait_s = parsedate_to_datetime(retry_after).timestamp() - time.time()
        except (ValueError, OverflowError):  # the header may hold any text
            return 0
    return min(max(wait_s, 0), LONGEST_WAIT_S)


def configured(url: str | None, setting: str) -> str:
    """Return the address of a service; raise `WorkError` if the setting is empty."""
    if not url:
        raise WorkError(f"no service to call: {setting} is not set")
    return url
