"""Calls of other services: what went wrong, in one sentence, and whether trying again may help."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from .errors import TransientError, WorkError
from .settings import get_settings

TLS = httpx.create_ssl_context()  # read once: each client on its own would stop the loop for it
TRY_AGAIN = {408, 425, 429}


def open_client() -> httpx.AsyncClient:
    """Return a client for one job, with a limit for each wait; it follows no redirects."""
    return httpx.AsyncClient(timeout=get_settings().call_timeout_s, verify=TLS)


@contextmanager
def calling(service: str) -> Iterator[None]:
    """Turn httpx' errors into `TransientError` (no answer, 5xx, too many calls) or `WorkError`.

    An answer is checked by `raise_for_status()` within the block. The sentences name neither
    address nor headers: both may hold secrets.
    """
    try:
        yield
    except httpx.HTTPStatusError as error:
        code = error.response.status_code
        kind = TransientError if code >= 500 or code in TRY_AGAIN else WorkError
        raise kind(f"{service} answered {code}") from error
    except httpx.HTTPError as error:
        raise TransientError(f"{service} did not answer: {type(error).__name__}") from error


def configured(url: str | None, setting: str) -> str:
    """Return the address of a service; raise `WorkError` if the setting is empty."""
    if not url:
        raise WorkError(f"no service to call: {setting} is not set")
    return url
