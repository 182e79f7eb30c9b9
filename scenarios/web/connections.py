"""A limit of connections: those that only stand there must not take what jobs need to open files.

`uvicorn --limit-concurrency` refuses requests, and a client that sends none is never refused.
"""

import asyncio
import resource
from collections.abc import Callable
from typing import Any

RESERVE = 128  # descriptors for files, databases, mail and other services


class Closed(asyncio.Protocol):
    """One connection too many: it is closed at once, before a request could be accepted."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


def limit_connections() -> None:
    """Let the server, which begins to listen after `lifespan` has begun, leave RESERVE free."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(files - RESERVE, files // 2)
    try:
        loop: Any = asyncio.get_running_loop()  # Any: its method is replaced, for this loop alone
    except RuntimeError:
        return  # no server runs this app: it is a test
    create_server = loop.create_server

    def limited(factory: Callable[[], Any], *args: Any, **options: Any) -> Any:
        def make() -> asyncio.Protocol:
            protocol = factory()
            # uvicorn's protocols share the set of those that are open.
            return Closed() if len(getattr(protocol, "connections", ())) >= most else protocol

        return create_server(make, *args, **options)

    loop.create_server = limited
