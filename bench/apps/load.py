"""Sends the same POST again and again over kept connections, from a process of its own.

It is plain asyncio, because httpx takes more time for a request than the apps, and would be what
is measured.
`python -m bench.apps.load COUNT URL ...` prints the requests a second that each URL answered.
"""

import asyncio
import json
import re
import sys
import time
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import uvloop

CONNECTIONS = 64
WARMING = (4, 16)  # the first answers are slower: 03 refuses some if all come to a cold app at once
PARTS = 4  # the URLs take turns, so that a slow second strikes all of them
EMAIL = {"to": "reader@example.com", "subject": "A measurement", "body": "Nobody reads this."}
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")


class Client(asyncio.Protocol):
    """Sends `count` requests over one connection, each after the answer to the one before."""

    def __init__(self, request: bytes, count: int) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request, self._left, self._received = request, count, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        length = LENGTH.search(head + b"\r\n")
        if not blank or not length or len(body) < int(length[1]):
            return
        self._received = b""
        if not head.startswith(b"HTTP/1.1 202 "):
            self._fail(head.partition(b"\r\n")[0].decode())
            return
        self._left -= 1
        if self._left:
            self._transport.write(self._request)
        else:
            self.done.set_result(None)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"the connection ended: {error}")

    def _fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"not accepted: {reason}"))
            self._transport.close()


async def send(url: str, count: int, connections: int = CONNECTIONS) -> float:
    """Send `count` requests over these connections; return the seconds that it took."""
    parts, body = urlsplit(url), json.dumps(EMAIL).encode()
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json"
    request = f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    connect = partial(
        asyncio.get_running_loop().create_connection,
        lambda: Client(request, count // connections),
        parts.hostname or "",
        parts.port or 80,
    )
    start = time.perf_counter()
    made = await asyncio.gather(*(connect() for _ in range(connections)))
    await asyncio.gather(*(client.done for _, client in made))
    return time.perf_counter() - start


async def measure(count: int, urls: list[str]) -> list[float]:
    """Return requests a second, for each URL in turn."""
    for url in urls:
        for connections in WARMING:
            await send(url, CONNECTIONS * 2, connections)
    part = max(1, count // PARTS // CONNECTIONS) * CONNECTIONS
    seconds = [[await send(url, part) for url in urls] for _ in range(PARTS)]
    return [PARTS * part / sum(each) for each in zip(*seconds, strict=True)]


def main() -> None:
    """Measure what the command line names."""
    print(json.dumps(uvloop.run(measure(int(sys.argv[1]), sys.argv[2:]))))


if __name__ == "__main__":
    main()
