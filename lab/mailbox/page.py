"""The inbox as a page that loads nothing else and runs no script of a message."""

import base64
import hashlib
from html import escape
from pathlib import Path
from string import Template

from .behaviour import Rules
from .inbox import Inbox, Message
from .switches import EFFECTS, Mode, find_mode

PAGE = Template(Path(__file__).with_name("inbox.html").read_text(encoding="utf-8"))
ROW = Template(
    '<details id="m$number"><summary><b>$subject</b><span>$to</span><time>$time</time></summary>'
    "<p>From $sender<br>Task $task_id<br>Message $message_id</p><pre>$body</pre></details>"
)
BUTTON = '<button id="mail-{0}" name="mail" value="{0}" aria-pressed="{1}">{2}</button>'
SHOWN, SHOWN_CHARACTERS = 200, 4000


def page(inbox: Inbox, rules: Rules) -> str:
    """Return the inbox page: the newest messages first, every value escaped."""
    mode = find_mode(rules)
    newest = list(inbox)[: -SHOWN - 1 : -1]
    rows = "".join(row(message) for message in newest)
    return PAGE.substitute(
        count=len(inbox),
        messages="1 message" if len(inbox) == 1 else f"{len(inbox)} messages",
        shown=f", the newest {SHOWN} are shown" if len(inbox) > SHOWN else "",
        switches="".join(button(each, mode) for each in Mode),
        state=escape(state(mode)),
        rows=rows or "<p>No mail yet.</p>",
    )


def button(mode: Mode, now: Mode | None) -> str:
    """Return the button that chooses this mode."""
    return BUTTON.format(mode, str(mode is now).lower(), mode.capitalize())


def state(mode: Mode | None) -> str:
    """Say how the mail server answers all recipients."""
    effect = EFFECTS[mode] if mode else "does what a program has told it by PUT /behaviour"
    return f"Now it {effect}."


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
    f"default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; form-action 'self'; "
    f"script-src 'sha256-{_script_hash()}'"
)
