"""A mail server for development: SMTP on one port, an inbox page, JSON and switches on another.

Nothing leaves this machine; messages are kept in memory only.
"""

import asyncio
import logging
import os
import socket

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session

from lab.errors import LabError
from lab.processes.ports import HOST

from .api import make_app
from .behaviour import Rules
from .inbox import Inbox

MAX_MESSAGE_BYTES = 2 * 1024**2
BACKLOG = 1024


class Receiver:
    """Takes messages in; delays and refusals happen at RCPT, before a message is handed over.

    A client that is killed while it waits has therefore delivered nothing.
    """

    def __init__(self, inbox: Inbox, rules: Rules) -> None:
        self._inbox = inbox
        self._rules = rules

    async def handle_RCPT(  # noqa: N802, aiosmtpd finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._rules.wait(address)
        if refusal := self._rules.refusal(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802, as above
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self._inbox.add(envelope)
        return "250 OK, kept"


class CountedSMTP(SMTP):
    """Lets the inbox know how many clients are connected."""

    def __init__(self, inbox: Inbox, receiver: Receiver, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            receiver,
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            hostname="localhost",
            loop=loop,
        )
        self._inbox = inbox

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._inbox.open_sessions += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._inbox.open_sessions -= 1
        super().connection_lost(error)


async def serve(smtp_port: int, http_port: int) -> None:
    """Serve both sides until SIGINT or SIGTERM; raise LabError if a port is taken."""
    smtp_socket, http_socket = listen(smtp_port), listen(http_port)
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    inbox, rules = Inbox(), Rules()
    loop = asyncio.get_running_loop()
    receiver = Receiver(inbox, rules)
    smtp = await loop.create_server(
        lambda: CountedSMTP(inbox, receiver, loop), sock=smtp_socket, backlog=BACKLOG
    )
    config = uvicorn.Config(make_app(inbox, rules), log_level="warning", lifespan="off")
    try:
        await uvicorn.Server(config).serve(sockets=[http_socket])
    finally:
        smtp.close()


def listen(port: int) -> socket.socket:
    """Open a port on 127.0.0.1."""
    try:
        server = socket.create_server((HOST, port), backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise LabError(f"cannot listen on port {port}: {reason}") from None
    # asyncio leaves a socket that it is given as it is: without this, answers come 40 ms late.
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server
