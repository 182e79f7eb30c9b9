"""The inbox as a page: self-contained, and safe whatever a message contains."""

import base64
import hashlib
from html import escape
from pathlib import Path
from string import Template

from .inbox import Inbox, Message

PAGE = Template(Path(__file__).with_name("inbox.html").read_text(encoding="utf-8"))
ROW = Template(
    '<details id="m$number"><summary><b>$subject</b><span>$to</span><time>$time</time></summary>'
    "<p>From $sender<br>Task $task_id<br>Message $message_id</p><pre>$body</pre></details>"
)
SHOWN, SHOWN_CHARACTERS = 200, 4000


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
        body=escape((message.body or "")[:SHOWN_CHARACTERS]),
    )


def _script_hash() -> str:
    script = PAGE.template.partition("<script>")[2].partition("</script>")[0]
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


# Only the page's own script runs, whatever a message contains.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; "
    f"script-src 'sha256-{_script_hash()}'"
)
