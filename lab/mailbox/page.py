"""The inbox as a page: self-contained, and safe whatever a message contains."""

import base64
import hashlib
from html import escape
from pathlib import Path
from string import Template

from .behaviour import Rules
from .inbox import Inbox, Message
from .switches import EFFECTS, Mood, find_mood

PAGE = Template(Path(__file__).with_name("inbox.html").read_text(encoding="utf-8"))
ROW = Template(
    '<details id="m$number"><summary><b>$subject</b><span>$to</span><time>$time</time></summary>'
    "<p>From $sender<br>Task $task_id<br>Message $message_id</p><pre>$body</pre></details>"
)
BUTTON = '<button id="mail-{0}" name="mail" value="{0}" aria-pressed="{1}">{2}</button>'
SHOWN, SHOWN_CHARACTERS = 200, 4000


def page(inbox: Inbox, rules: Rules) -> str:
    """Return the inbox page: the newest messages first, every value escaped."""
    mood = find_mood(rules)
    newest = list(inbox)[: -SHOWN - 1 : -1]
    rows = "".join(row(message) for message in newest)
    return PAGE.substitute(
        count=len(inbox),
        messages="1 message" if len(inbox) == 1 else f"{len(inbox)} messages",
        shown=f", the newest {SHOWN} are shown" if len(inbox) > SHOWN else "",
        switches="".join(button(each, mood) for each in Mood),
        state=escape(state(mood)),
        rows=rows or "<p>No mail yet.</p>",
    )


def button(mood: Mood, now: Mood | None) -> str:
    """Return the button that turns the mail server into this mood."""
    return BUTTON.format(mood, str(mood is now).lower(), mood.capitalize())


def state(mood: Mood | None) -> str:
    """Say how the mail server treats everybody."""
    effect = EFFECTS[mood] if mood else "does what a program has told it by PUT /behaviour"
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
