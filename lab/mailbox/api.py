"""The HTTP side of the mail server: the inbox page, the messages as JSON, and the switches."""

from typing import Annotated

from fastapi import APIRouter, FastAPI, Form, Query
from fastapi.responses import HTMLResponse, PlainTextResponse

from .behaviour import Behaviour, Rules
from .inbox import Inbox, Message
from .own_site import OwnSiteOnly
from .page import CONTENT_SECURITY_POLICY, page, state
from .switches import Mode, turn


def make_app(inbox: Inbox, rules: Rules) -> FastAPI:
    """Build the app around one inbox and its switches."""
    app = FastAPI(title="Mailbox", description="The mail server of the lab.")
    app.add_middleware(OwnSiteOnly)
    app.include_router(message_routes(inbox, rules))
    app.include_router(switch_routes(rules))
    return app


def message_routes(inbox: Inbox, rules: Rules) -> APIRouter:
    """Serve what has arrived."""
    routes = APIRouter()

    @routes.get("/", response_class=HTMLResponse)
    async def show_inbox() -> HTMLResponse:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return HTMLResponse(page(inbox, rules), headers=headers)

    @routes.get("/messages", response_model_exclude_none=True)
    async def read_messages(
        task_id: str | None = None,
        to: str | None = None,
        after: Annotated[int, Query(description="Only those with a higher number.")] = 0,
        body: Annotated[bool, Query(description="Send the bodies too.")] = False,
    ) -> list[Message]:
        found = [m for m in inbox.find(task_id, to) if m.number > after]
        return found if body else [m.model_copy(update={"body": None}) for m in found]

    @routes.delete("/messages", status_code=204)
    async def delete_messages() -> None:
        inbox.clear()

    @routes.get("/count")
    async def count_messages(task_id: str | None = None, to: str | None = None) -> dict[str, int]:
        return {
            "count": len(inbox.find(task_id, to)),
            "received": inbox.received,
            "open_sessions": inbox.open_sessions,
        }

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return routes


def switch_routes(rules: Rules) -> APIRouter:
    """Serve the switches."""
    routes = APIRouter()

    @routes.post("/switch", status_code=303, response_class=PlainTextResponse)
    async def post_switch(mail: Annotated[Mode, Form()]) -> PlainTextResponse:
        """Take a button of the page, or the same from curl; a browser goes back to the page."""
        turn(rules, mail)
        return PlainTextResponse(state(mail), 303, headers={"Location": "/"})

    @routes.get("/behaviour")
    async def read_behaviour() -> list[Behaviour]:
        return list(rules)

    @routes.put("/behaviour")
    async def put_behaviour(rule: Behaviour) -> list[Behaviour]:
        rules.put(rule)
        return list(rules)

    @routes.delete("/behaviour", status_code=204)
    async def delete_behaviour() -> None:
        rules.clear()

    return routes
