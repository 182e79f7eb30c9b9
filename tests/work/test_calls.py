"""A call of another service ends, however long the other side goes on, and says what was wrong."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lab.processes.ports import HOST
from scenarios.errors import TransientError, WorkError
from scenarios.services.service import call, call_async
from tests.support.environment import environment
from tests.work.scripted_smtp import server_context

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


class Slow(Long):
    """Sends one header after the other, so that no single wait is long."""

    def do_POST(self) -> None:
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.wfile.write(b"X: y\r\n")
                time.sleep(0.01)


@contextmanager
def serve(handler: type[BaseHTTPRequestHandler], *, tls: bool = False) -> Iterator[str]:
    with ThreadingHTTPServer((HOST, 0), handler) as server:
        if tls:
            server.socket = server_context().wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield f"http{'s' * tls}://{HOST}:{server.server_port}"
        server.shutdown()


@pytest.fixture
def url() -> Iterator[str]:
    """Yield the address of such a service; at the end nobody may have read a whole answer."""
    Long.read_whole.clear()
    with serve(Long) as url:
        yield url
    assert Long.read_whole == []


def test_body_is_not_read(url: str) -> None:
    call("the bank", "POST", url, json={"cents": 1})

    assert asyncio.run(call_async("the bank", "PUT", url, content=b"x")) == b""


def test_body_is_read_as_far_as_the_caller_says(url: str) -> None:
    with pytest.raises(WorkError, match="the source 'x' sends too much"):
        asyncio.run(call_async("the source 'x'", "GET", url, most_bytes=3 * MIB))


def test_service_that_sends_a_byte_now_and_then_is_given_up() -> None:
    # Not httpx' ReadTimeout, which would say that one of the waits was too long.
    given_up = pytest.raises(TransientError, match="the bank did not answer: TimeoutError")

    with serve(Slow) as url, environment(CALL_TIMEOUT_S="0.2"), given_up:
        call("the bank", "POST", url)


def test_certificate_that_nobody_trusts_is_named_and_not_tried_again() -> None:
    with serve(Long, tls=True) as url:
        with pytest.raises(WorkError, match="the certificate of the bank is not valid: self-sign"):
            call("the bank", "POST", url)
        with pytest.raises(WorkError, match="the certificate of the bank is not valid: self-sign"):
            asyncio.run(call_async("the bank", "GET", url))
