"""A call of another service ends with its answer: a body that goes on and on is left unread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lab.processes.ports import HOST
from scenarios.errors import WorkError
from scenarios.services.service import call, call_async

MIB = 1024**2
WHOLE_MIB = 64  # more than the sockets between the two hold


class Long(BaseHTTPRequestHandler):
    """Says 200, and sends for as long as somebody reads; notes who has read all of it."""

    read_whole: list[str] = []  # noqa: RUF012 - the server makes an object for each request

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with suppress(OSError):  # the client has what it wanted
            self.send_response(200)
            self.end_headers()
            for _ in range(WHOLE_MIB):
                self.wfile.write(bytes(MIB))
            self.read_whole.append(self.command)

    do_GET = do_PUT = do_POST  # noqa: N815 - the names that the server looks for

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    """Yield the address of such a service; at the end nobody may have read a whole answer."""
    Long.read_whole.clear()
    with ThreadingHTTPServer((HOST, 0), Long) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()
    assert Long.read_whole == []


def test_body_is_not_read(url: str) -> None:
    call("the bank", "POST", url, json={"cents": 1})

    assert asyncio.run(call_async("the bank", "PUT", url, content=b"x")) == b""


def test_body_is_read_as_far_as_the_caller_says(url: str) -> None:
    with pytest.raises(WorkError, match="the source 'x' sends too much"):
        asyncio.run(call_async("the source 'x'", "GET", url, most_bytes=3 * MIB))
