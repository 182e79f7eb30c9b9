"""Requests that no tidy client sends: a body that is announced and withheld, or that never ends."""

import select
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back, and how much had been sent by then."""

    status_code: int
    sent_bytes: int
    took_s: float


def post_declared(base_url: str, path: str, content_type: str, length: int) -> Answer:
    """Announce a body of `length` bytes, send none of it, and read the answer."""
    return _post(base_url, path, [content_type, f"Content-Length: {length}"], ())


def post_endless(base_url: str, path: str, content_type: str, start: bytes) -> Answer:
    """Send `start` and then chunk after chunk, up to 256 MiB, until the server answers."""
    bodies = (start, *[b"x" * CHUNK_BYTES] * 4096)
    chunks = (b"%x\r\n%b\r\n" % (len(body), body) for body in bodies)
    return _post(base_url, path, [content_type, "Transfer-Encoding: chunked"], chunks)


def _post(base_url: str, path: str, headers: list[str], parts: Iterable[bytes]) -> Answer:
    server, began, sent_bytes = urlsplit(base_url), time.monotonic(), 0
    with socket.create_connection((server.hostname, server.port), timeout=10) as connection:
        lines = [f"POST {path} HTTP/1.1", f"Host: {server.netloc}", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        for part in parts:
            if _has_answered(connection):
                break
            try:
                connection.sendall(part)
            except OSError:
                break  # the server has answered and hung up
            sent_bytes += len(part)
        status_line = connection.makefile("rb").readline()
    return Answer(int(status_line.split()[1]), sent_bytes, time.monotonic() - began)


def _has_answered(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0)[0])
