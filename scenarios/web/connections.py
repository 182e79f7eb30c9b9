"""Limits for slow clients: they take no files from jobs, and hold up no stop.

`uvicorn --limit-concurrency` refuses requests, and a client that sends none is never refused.
"""

import asyncio
import resource
from collections.abc import Callable
from functools import partial
from typing import Any

RESERVE = 128  # descriptors for files, databases, mail and other services
SLOWEST_S = 3.0  # after a stop was asked for: what a client has not sent by then is not accepted


class Closed(asyncio.Protocol):
    """One connection too many: it is closed at once, before a request could be accepted."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


def limit_connections() -> None:
    """Let the server leave RESERVE free, and stop though a request or an answer is halfway.

    It begins to listen after `lifespan` has begun.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(files - RESERVE, files // 2)
    try:
        loop: Any = asyncio.get_running_loop()  # Any: its method is replaced, for this loop alone
    except RuntimeError:
        return  # no server runs this app: it is a test
    create_server = loop.create_server

    def limited(factory: Callable[[], Any], *args: Any, **options: Any) -> Any:
        def make() -> asyncio.Protocol:
            protocol: Any = factory()  # Any: one of uvicorn's, which share a set of those open
            if len(getattr(protocol, "connections", ())) >= most:
                return Closed()
            protocol.shutdown = partial(shut_down, loop, protocol, protocol.shutdown)
            opened: asyncio.Protocol = protocol
            return opened

        return create_server(make, *args, **options)

    loop.create_server = limited


def shut_down(loop: asyncio.AbstractEventLoop, protocol: Any, shutdown: Callable[[], None]) -> None:
    """Do what uvicorn does with a connection at a stop, and wait SLOWEST_S for its client."""
    shutdown()
    loop.call_later(SLOWEST_S, cut_off, protocol)


def cut_off(protocol: Any) -> None:
    """End a connection whose request or answer is still under way, however slowly."""
    # uvicorn waits for it without a limit, and only then lets the app drain.
    if getattr(protocol.cycle, "more_body", False) or protocol.flow.write_paused:
        protocol.transport.abort()
