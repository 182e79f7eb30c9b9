"""Calls of other services: what went wrong, in one sentence, and whether trying again may help."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import httpx

from scenarios.errors import TransientError, WorkError
from scenarios.settings import get_settings

# Made once: to read the certificates of the machine for each client would stop the event loop.
TLS = httpx.create_ssl_context()
TRY_AGAIN = {408, 425, 429}
LONGEST_WAIT_S = 24 * 3600.0


def open_client() -> httpx.AsyncClient:
    """Return a client for one job, with a limit for each wait; it follows no redirects."""
    return httpx.AsyncClient(timeout=get_settings().call_timeout_s, verify=TLS)


@contextmanager
def calling(service: str) -> Iterator[None]:
    """Turn httpx' errors into `TransientError` (no answer, 5xx, too many calls) or `WorkError`.

    An answer is checked by `raise_for_status()` within the block. A redirect is an error for good:
    who answers must not choose whom we call next. The sentences name neither address nor headers:
    both may hold secrets.
    """
    try:
        yield
    except httpx.HTTPStatusError as error:
        code = error.response.status_code
        if code >= 500 or code in TRY_AGAIN:
            retry_after_s = read_wait(error.response.headers.get("retry-after", ""))
            raise TransientError(f"{service} answered {code}", retry_after_s) from error
        raise WorkError(f"{service} answered {code}") from error
    except httpx.HTTPError as error:
        raise TransientError(f"{service} did not answer: {type(error).__name__}") from error


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
