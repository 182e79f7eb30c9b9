"""Ask an app in this process, and note in which order its parts act."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send


@asynccontextmanager
async def asking(app: FastAPI, events: list[str] | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client; the end of each response is put down in `events`."""

    async def observed(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_on(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                (events if events is not None else []).append("response")

        await app(scope, receive, send_on)

    transport = httpx.ASGITransport(app=observed, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        yield client
