"""Refuses requests that a page of another site, open in the same browser, sends to this machine."""

from urllib.parse import urlsplit

from fastapi import status
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

NAMES = {"127.0.0.1", "localhost"}
READING = {"GET", "HEAD", "OPTIONS"}
OWN_SITE = {"same-origin", "none"}  # none: typed in, or sent by a program


class OwnSiteOnly:
    """Refuses requests for another host name, and changes that another site asks for.

    The owner of another site can let its name lead to 127.0.0.1 (DNS rebinding). The browser then
    takes this server for that site and lets its scripts read, but `Host` still has that name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = find_refusal(scope["method"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send)


def find_refusal(method: str, headers: Headers) -> PlainTextResponse | None:
    """Return the answer that refuses a request, None if it may pass."""
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in NAMES:
        sentence = f"this server is called {' or '.join(sorted(NAMES))}, not {host!r}"
        return PlainTextResponse(sentence, status.HTTP_400_BAD_REQUEST)
    origin = headers.get("origin", f"http://{host}")
    if method in READING or (
        origin == f"http://{host}" and headers.get("sec-fetch-site", "none") in OWN_SITE
    ):
        return None
    sentence = f"a page of {origin} may not change anything here"
    return PlainTextResponse(sentence, status.HTTP_403_FORBIDDEN)
