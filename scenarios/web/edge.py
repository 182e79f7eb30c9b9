"""Between server and app: what each answer owes to proxies, caches and downloads."""

import re
from contextvars import ContextVar
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from fastapi import Response
from fastapi.responses import FileResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

RANGE = re.compile(r"bytes=\s*(\d{1,18}-\d{0,18}|-\d{1,18})(\s*,\s*(\d{1,18}-\d{0,18}|-\d{1,18}))*")
BOTH_ENDS = re.compile(r"(\d+)-(\d+)")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_prefix: ContextVar[str] = ContextVar("_prefix", default="")


def link(path: str) -> str:
    """Return the path by which a client reaches this route: behind `--root-path /api` a longer one.

    Without scheme and host, so it is right behind any proxy and needs no `X-Forwarded` header.
    """
    return _prefix.get() + path


def without_host(url: str) -> str:
    """Return path and query alone: no request may choose by its `Host` where it is led."""
    parts = urlsplit(url)
    path = re.sub("//+", "/", parts.path)  # `--root-path /api/` makes two of them
    return urlunsplit(("", "", path, parts.query, ""))


def is_range(text: str) -> bool:
    """Tell whether a `Range` asks for bytes; anything else is to be ignored (RFC 9110, 14.2)."""
    if not RANGE.fullmatch(text):
        return False
    return all(int(first) <= int(last) for first, last in BOTH_ENDS.findall(text))


def without_range(scope: Scope) -> Scope:
    """Return the request as one for the whole."""
    return {**scope, "headers": [each for each in scope["headers"] if each[0] != b"range"]}


def find_methods(scope: Scope) -> str:
    """Return what this address can be asked for, of all its routes: Starlette names one of them."""
    routes = scope["app"].routes
    found = [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return ", ".join(["GET", "HEAD", *found[1:]] if "GET" in found else found)


class Edge:
    """Notes the prefix of a proxy, answers HEAD like GET, and keeps states out of caches."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        _prefix.set(scope.get("root_path", "").rstrip("/"))
        is_head, has_ended = scope["method"] == "HEAD", False
        if is_head:  # the server sends no body: it has the scope as it was
            scope = {**without_range(scope), "method": "GET"}

        async def send_uncached(message: Message) -> None:
            nonlocal has_ended
            if message["type"] == "http.response.start":
                # A proxy that repeats an old state would keep a client waiting for nothing.
                headers = MutableHeaders(scope=message)
                headers.setdefault("cache-control", "no-store")
                if "location" in headers:
                    headers["location"] = without_host(headers["location"])
                if message["status"] == 405:
                    headers["allow"] = find_methods(scope)
            elif is_head:  # nor does a stream keep the connection: it ends where it would begin
                if has_ended:
                    return
                message, has_ended = {**message, "more_body": False}, True
            await send(message)

        await self._app(scope, receive, send_uncached)


class Download(FileResponse):
    """A result under a name with its ending; whoever has it already is told so (304)."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, filename=name, stat_result=path.stat())
        # A result never changes, but it goes with its task: ask each time, and only this client.
        self.headers["cache-control"] = "private, no-cache"
        self.headers["x-content-type-options"] = "nosniff"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, a range of it, or nothing but its ETag."""
        headers, etag = Headers(scope=scope), self.headers["etag"]
        known = headers.getlist("if-none-match")
        # A proxy that packs the answer makes the ETag weak, which is as good here (RFC 9110).
        tags = {each.strip().removeprefix("W/") for each in ",".join(known).split(",")}
        has_it = headers.get("if-modified-since") == self.headers["last-modified"] and not known
        if has_it or tags & {"*", etag}:
            kept = {name: self.headers[name] for name in ("etag", "cache-control")}
            await Response(status_code=304, headers=kept)(scope, receive, send)
            return
        if not is_range(headers.get("range", "")):
            scope = without_range(scope)
        await super().__call__(scope, receive, send)
