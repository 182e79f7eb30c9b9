"""The HTTP side of the mail server: the inbox page, the messages as JSON, the switches."""

import base64
import hashlib
from html import escape
from pathlib import Path
from string import Template
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.responses import HTMLResponse

from .behaviour import Behaviour, Rules
from .inbox import Inbox, Message

PAGE = Template(Path(__file__).with_name("inbox.html").read_text(encoding="utf-8"))
ROW = Template(
    '<details id="m$number"><summary><b>$subject</b><span>$to</span><time>$time</time></summary>'
    "<p>From $sender<br>Task $task_id<br>Message $message_id</p><pre>$body</pre></details>"
)
SHOWN, SHOWN_BODY = 200, 4000


def make_app(inbox: Inbox, rules: Rules) -> FastAPI:
    """Build the app around one inbox and its switches."""
    app = FastAPI(title="Mailbox", description="The mail server of the lab.")

    @app.get("/", response_class=HTMLResponse)
    async def show_inbox() -> HTMLResponse:
        return HTMLResponse(page(inbox), headers={"Content-Security-Policy": POLICY})

    @app.get("/messages", response_model_exclude_none=True)
    async def read_messages(
        task_id: str | None = None,
        to: str | None = None,
        body: Annotated[bool, Query(description="Send the bodies too.")] = False,
    ) -> list[Message]:
        found = inbox.find(task_id, to)
        return found if body else [m.model_copy(update={"body": None}) for m in found]

    @app.delete("/messages", status_code=204)
    async def delete_messages() -> None:
        inbox.clear()

    @app.get("/count")
    async def count_messages(task_id: str | None = None, to: str | None = None) -> dict[str, int]:
        return {
            "count": len(inbox.find(task_id, to)),
            "received": inbox.received,
            "open_sessions": inbox.open_sessions,
        }

    @app.get("/behaviour")
    async def read_behaviour() -> list[Behaviour]:
        return list(rules)

    @app.put("/behaviour")
    async def put_behaviour(rule: Behaviour) -> list[Behaviour]:
        rules.put(rule)
        return list(rules)

    @app.delete("/behaviour", status_code=204)
    async def delete_behaviour() -> None:
        rules.clear()

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app


def page(inbox: Inbox) -> str:
    """Return the inbox page: the newest messages first, every value escaped."""
    newest = list(inbox)[: -SHOWN - 1 : -1]
    rows = "".join(row(message) for message in newest)
    return PAGE.substitute(
        count=len(inbox),
        shown=f", the newest {SHOWN} are shown" if len(inbox) > SHOWN else "",
        rows=rows or "<p>No mail yet.</p>",
    )


def row(message: Message) -> str:
    """Return one message as HTML."""
    return ROW.substitute(
        number=message.number,
        subject=escape(message.subject) or "(no subject)",
        to=escape(message.to),
        sender=escape(message.sender),
        task_id=escape(message.task_id) or "none",
        message_id=escape(message.message_id),
        time=f"{message.received_at:%H:%M:%S} UTC",
        body=escape((message.body or "")[:SHOWN_BODY]),
    )


def _script_hash() -> str:
    script = PAGE.template.partition("<script>")[2].partition("</script>")[0]
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


# Only the page's own script runs, whatever a message contains.
POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; "
    f"script-src 'sha256-{_script_hash()}'"
)
