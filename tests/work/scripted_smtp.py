"""A mail server that says at each step what a test wants: an answer, nothing, or good-bye."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("localhost.pem")  # signed by itself, until 2126
SILENCE, HANG_UP = "silence", "hang up"
GOOD: Mapping[str, str] = {
    "GREETING": "220 ready",
    "EHLO": "250-scripted\n250 AUTH PLAIN",
    "HELO": "250 scripted",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 welcome",
    "MAIL": "250 OK",
    "RCPT": "250 OK",
    "DATA": "354 go on",
    "END": "250 kept",
    "QUIT": "221 bye",
}


@dataclass
class Scripted:
    """What it says, where it listens, what it was told, and the messages that it took."""

    answers: Mapping[str, str]
    port: int = 0
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with suppress(asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            await self.talk(reader, writer)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        step = "GREETING"
        while step and await self.answer(writer, self.answers[step]):
            if step == "DATA":
                self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
                step = "END"
                continue
            if step == "STARTTLS":
                await writer.start_tls(server_context())
            line = (await reader.readline()).decode().strip()
            self.commands.append(line)
            step = line.partition(" ")[0].upper()

    async def answer(self, writer: asyncio.StreamWriter, text: str) -> bool:
        """Say it; return False if that was the last word."""
        if text == SILENCE:
            await asyncio.Event().wait()
        if text != HANG_UP:
            writer.write("".join(f"{line}\r\n" for line in text.split("\n")).encode("latin-1"))
            await writer.drain()
        if text == HANG_UP or text.startswith("421"):
            writer.close()
            return False
        return True


@asynccontextmanager
async def scripted(script: Mapping[str, str], *, tls: bool = False) -> AsyncIterator[Scripted]:
    """Answer each command by `script`, and by `GOOD` where it says nothing."""
    found = Scripted({**GOOD, **script})
    context = server_context() if tls else None
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=context)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for writer in found.writers:
            writer.close()


def server_context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context
