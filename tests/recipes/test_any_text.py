"""Every text field of every recipe refuses a text, or it arrives where it goes as it was sent."""

import io
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pypdf import PdfReader

from scenarios.reports.report_pdf import tidy
from tests.support.text_fields import SHARED, find_text_fields
from tests.support.texts import NASTY, is_read_in_order, make_texts, visible

from .celery_api import CeleryApi
from .recipe_app import RecipeApp

COUNT = int(os.environ.get("FUZZ_TEXTS", "8"))  # `make slow`: thousands
TEXTS = list(dict.fromkeys([*(f"a{each}b" for each in NASTY), *make_texts(COUNT, seed=1)]))
AT_ONCE = 20
FEW = 6  # of what costs a page each
JSON = dict[str, Any]  # Any: JSON
pytestmark = [pytest.mark.long, pytest.mark.timeout(180 + COUNT)]


@dataclass(frozen=True)
class Sent:
    """One text that was taken, under a name that nothing else has, and its first job."""

    text: str
    name: str
    answer: JSON
    job: JSON

    @property
    def address(self) -> str:
        return f"{self.name}@example.com"


@dataclass
class Sinks:
    """Where texts come out of one app."""

    app: RecipeApp

    @cached_property
    def log(self) -> str:
        return "\n".join(part.log_text() for part in self.app.stack.parts.values())

    def subject(self, sent: Sent) -> str:
        [mail] = self.app.inbox.sent_to(sent.address)
        return mail.subject

    def body(self, sent: Sent) -> str:
        [mail] = self.app.inbox.sent_to(sent.address)
        return lines(mail.body)

    def called(self, sent: Sent) -> Any:  # Any: JSON
        """Return the newest call of another service that names this text's name."""
        calls = reversed(self.app.services.received)
        return json.loads(next(call.body for call in calls if sent.name.encode() in call.body))

    def pdf(self, sent: Sent) -> str:
        url = f"/reports/drafts/{sent.job['result']['report_id']}"
        [page] = PdfReader(io.BytesIO(self.app.http.get(url).raise_for_status().content)).pages
        return visible(page.extract_text())


@dataclass(frozen=True)
class Field:
    """How a text is sent in this field, and whether it has arrived."""

    body: Callable[[str, str], JSON]
    has_arrived: Callable[[Sinks, Sent], object]
    path: str = ""  # where the route's own has a name in it
    most: int = len(TEXTS)


def lines(text: str) -> str:
    """Return the text with the line ends of Unix, and none at its end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def is_a_mail(sinks: Sinks, sent: Sent) -> bool:
    """Tell whether one e-mail went to this address, or a sentence says why it cannot."""
    found = sinks.app.stack.parts["mailbox"].url
    mails = httpx.get(f"{found}/messages", params={"task_id": sent.job["job_id"]}).json()
    return len(mails) == 1 or one_sentence(sent.job["error"])


def one_sentence(text: str | None) -> bool:
    return bool(text) and len(str(text).splitlines()) == 1


def is_drawn(sinks: Sinks, sent: Sent) -> bool:
    shown = tidy(sent.text)
    return not is_read_in_order(shown) or len(shown) > 12 or visible(shown) in sinks.pdf(sent)


def fits(pattern: str) -> Callable[[Sinks, Sent], object]:
    return lambda _, sent: re.fullmatch(pattern, sent.text, re.ASCII)


NOTE = Field(
    lambda text, name: {"text": text}, lambda sinks, sent: f"kept {sent.text!r}\n" in sinks.log
)
ACCOUNT = Field(lambda text, name: {"account": text, "cents": 1}, fits("[A-Z0-9]{4,34}"))
REGISTER: Mapping[str, Field] = {
    "POST /users/register: body username": Field(
        lambda text, name: {"username": text, "email": f"{name}@example.com"},
        lambda sinks, sent: (
            sinks.subject(sent) == f"Welcome, {sent.text}".strip()
            and sinks.body(sent).startswith(f"Hello {sent.text},\n")
            and sent.answer["username"] == sent.text
        ),
    ),
    "POST /users/register: body email": Field(
        lambda text, name: {"username": name, "email": f"{text}@example.com"}, is_a_mail
    ),
}
IN_01: Mapping[str, Field] = {
    **REGISTER,
    "POST /notes: body text": NOTE,
    "POST /items: body name": Field(
        lambda text, name: {"name": f"{name}{text}"},
        lambda sinks, sent: sent.answer["name"] == f"{sent.name}{sent.text}",
    ),
    "POST /notify: body token": Field(
        lambda text, name: {"token": text, "title": name, "body": ""},
        lambda sinks, sent: sinks.called(sent)["to"] == sent.text,
    ),
    "POST /notify: body title": Field(
        lambda text, name: {"token": name, "title": text, "body": ""},
        lambda sinks, sent: sinks.called(sent)["notification"]["title"] == sent.text,
    ),
    "POST /notify: body body": Field(
        lambda text, name: {"token": name, "title": "x", "body": text},
        lambda sinks, sent: sinks.called(sent)["notification"]["body"] == sent.text,
    ),
    "POST /reports/drafts: body title": Field(
        lambda text, name: {"title": text, "regions": {"x": 1}}, is_drawn, most=FEW
    ),
    "POST /reports/drafts: body regions{}": Field(
        lambda text, name: {"title": "x", "regions": {text: 1}}, is_drawn, most=FEW
    ),
    "POST /reports/drafts: body regions{}=": Field(
        lambda text, name: {"title": "x", "regions": {"x": text}}, fits(r"[\d.]+"), most=FEW
    ),
}
SETTINGS = "/users/{name}/settings"


def is_set(sinks: Sinks, sent: Sent, wanted: JSON) -> bool:
    """Tell whether the other service and a reader of the settings see these."""
    [kept] = sinks.app.read(SETTINGS.format(name=sent.name))
    return bool(sinks.called(sent)["settings"] == kept["settings"] == wanted)


IN_02: Mapping[str, Field] = {
    "POST /notes: body text": NOTE,
    "POST /users/{user_id}/settings: body {}": Field(
        lambda text, name: {text: name},
        lambda sinks, sent: is_set(sinks, sent, {sent.text: sent.name}),
        path=SETTINGS,
    ),
    "POST /users/{user_id}/settings: body {}=": Field(
        lambda text, name: {name: text},
        lambda sinks, sent: is_set(sinks, sent, {sent.name: sent.text}),
        path=SETTINGS,
    ),
}
MESSAGE = Field(
    lambda text, name: {"user_id": name, "message": text, "channels": ["push"]},
    lambda sinks, sent: sinks.called(sent)["message"] == sent.text,
)
USER_ID = Field(lambda text, name: {"user_id": text, "message": name}, fits("[A-Za-z0-9_-]{1,64}"))
IN_03: Mapping[str, Field] = {
    **REGISTER,
    "POST /notes: body text": NOTE,
    "POST /notifications: body message": MESSAGE,
    "POST /notifications: body user_id": USER_ID,
    "POST /notifications/critical: body message": MESSAGE,
    "POST /notifications/critical: body user_id": USER_ID,
    "POST /notifications/broadcast: body message": Field(
        lambda text, name: {"user_ids": [name], "message": text},
        lambda sinks, sent: sinks.called(sent)["message"] == sent.text,
    ),
    "POST /notifications/broadcast: body user_ids[]": Field(
        lambda text, name: {"user_ids": [text], "message": name}, fits("[A-Za-z0-9_-]{1,64}")
    ),
    "POST /orders: body product": Field(
        lambda text, name: {"customer": f"{name}@example.com", "product": text},
        lambda sinks, sent: (
            sinks.subject(sent) == f"Your order: {sent.text}"[:200].strip()
            and sinks.body(sent) == f"1 x {sent.text}"
        ),
    ),
    "POST /orders: body customer": Field(
        lambda text, name: {"customer": f"{text}@example.com", "product": name}, is_a_mail
    ),
    "POST /invoices: body positions[].product": Field(
        lambda text, name: {"positions": [{"product": text, "quantity": 2, "unit_price": "1.5"}]},
        lambda sinks, sent: sent.job["result"] == {"positions": 1, "total": "3.0"},
    ),
    "POST /invoices: body positions[].unit_price": Field(
        lambda text, name: {"positions": [{"product": "x", "quantity": 1, "unit_price": text}]},
        lambda _, sent: Decimal(sent.job["result"]["total"]) == Decimal(sent.text),
    ),
    "POST /payments: body account": ACCOUNT,
    "POST /refunds: body account": ACCOUNT,
}
LATER = {"subject": "x", "body": "x", "delay_s": 0.01}
IN_04: Mapping[str, Field] = {
    "POST /notes: body text": NOTE,
    "POST /refunds: body account": ACCOUNT,
    "POST /probes: body source": Field(
        lambda text, name: {"source": text, "every_s": 60}, lambda sinks, sent: False
    ),
    "POST /emails/later: body subject": Field(
        lambda text, name: {**LATER, "to": f"{name}@example.com", "subject": text},
        lambda sinks, sent: sinks.subject(sent) == sent.text.strip(),
    ),
    "POST /emails/later: body body": Field(
        lambda text, name: {**LATER, "to": f"{name}@example.com", "body": text},
        lambda sinks, sent: sinks.body(sent) == lines(sent.text),
    ),
    "POST /emails/later: body to": Field(
        lambda text, name: {**LATER, "to": f"{text}@example.com"}, is_a_mail
    ),
}


def test_any_text_for_01(background: RecipeApp) -> None:
    check(background, IN_01)

    lines = background.audit_lines("")
    known = r"(user \d+|/items|/images/\S+): (register|delete|done|refused|called)"
    assert [line for line in lines if not re.fullmatch(known, line)] == []


def test_any_text_for_02(tasks: RecipeApp) -> None:
    check(tasks, IN_02)


def test_any_text_for_03(celery: CeleryApi) -> None:
    check(celery, IN_03)

    assert_metrics_are_read(celery)


@pytest.mark.parametrize("queue", ["04_custom_queue+sqlite"], indirect=True)  # it has all routes
def test_any_text_for_04(queue: RecipeApp) -> None:
    check(queue, IN_04)

    assert_metrics_are_read(queue)


def assert_metrics_are_read(app: RecipeApp) -> None:
    text = app.http.get("/metrics").raise_for_status().text
    names = {family.name for family in text_string_to_metric_families(text)}
    assert names <= {"tasks", "oldest_queued_seconds", "workers", "queue_messages"}


def check(app: RecipeApp, fields: Mapping[str, Field]) -> None:
    """Send each text to each text field that the app's own OpenAPI document has."""
    found = find_text_fields(app.http.get("/openapi.json").json()) - SHARED
    in_body = {field for field in found if ": body " in field}
    assert in_body == fields.keys(), "a text field whose sink nobody reads"

    for where, field in fields.items():
        send_to_field(app, where, field)
    for where in sorted(found - in_body):
        send_around_body(app, where)

    log = Sinks(app).log
    assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e\u2066\ud800-\udfff]", log)
    assert not re.search("^INFO \\[] root: paid", log, re.MULTILINE)
    page = httpx.get(app.stack.parts["mailbox"].url).text
    assert "alert(1)" not in page.replace("&lt;script&gt;alert(1)&lt;/script&gt;", "")


def send_to_field(app: RecipeApp, where: str, field: Field) -> None:
    """Send each text in a body, wait for what it starts, and look where it has arrived."""
    route = where.partition(" ")[2].partition(":")[0]
    texts = TEXTS[: field.most]
    for first in range(0, len(texts), AT_ONCE):
        taken = []
        for text in texts[first : first + AT_ONCE]:
            name = f"text-{uuid4().hex}"
            path = field.path.format(name=name) or route
            content = json.dumps(field.body(text, name))  # half a character goes as "\ud800"
            headers = {"Content-Type": "application/json", "Idempotency-Key": name}
            answer = app.http.post(path, content=content, headers=headers)
            assert answer.status_code in (201, 202, 422), (where, text, answer.text)
            assert answer.json(), "the answer can be read"
            taken += [(text, name, answer)] if answer.is_success else []
        batch = [Sent(text, name, got.json(), job_of(app, got)) for text, name, got in taken]
        sinks = Sinks(app)
        for sent in batch:
            assert field.has_arrived(sinks, sent), (where, sent)


def job_of(app: RecipeApp, answer: httpx.Response) -> JSON:
    """Wait for the jobs of a route that starts any, and return the first one."""
    if not answer.json().keys() & {"jobs_url", "status_url"}:
        return {}
    job, *_ = app.jobs(answer)
    return {"job_id": job.get("task_id"), **job}


def send_around_body(app: RecipeApp, where: str) -> None:
    """Send each text in a path or a header: it is refused, and said again as one line at most."""
    method, path = where.partition(":")[0].split(" ")
    place, name = where.rpartition(": ")[2].split(" ")
    for text in TEXTS[::3]:
        headers = {"Content-Type": "application/json"}
        if place == "header":
            headers |= {name: text} if is_header(text) else {}
        url = re.sub(r"{\w+}", quote(text, safe="", errors="replace") or "x", path)
        answer = app.http.request(method, url, content="{}", headers=headers)
        if answer.status_code == 307:  # Starlette's answer to a path that ends with a slash
            assert text.endswith("/")
            assert answer.headers["Location"].startswith(path.partition("{")[0])
            continue
        assert answer.status_code in (200, 202, 204, 404, 409, 422), (where, text, answer.text)
        if "detail" in answer.text:
            assert len(str(answer.json()["detail"]).splitlines()) == 1


def is_header(text: str) -> bool:
    """Tell whether a client can send it: others end as two lines, or not at all."""
    return text.isascii() and text.isprintable() and text == text.strip()
