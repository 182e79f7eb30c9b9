"""Every text field of the recipes refuses a text, or it arrives where it goes as it was sent."""

import json
import re

from scenarios.reports.report_pdf import tidy
from tests.recipes.recipe_app import RecipeApp
from tests.support.texts import NASTY, make_texts

TEXTS = [*(f"a{each}b" for each in NASTY), *make_texts(12, seed=1)]
# Half a character cannot be sent by a client that writes UTF-8.
SENDABLE = [text for text in TEXTS if text.encode(errors="ignore").decode() == text]


def test_any_username_is_refused_or_stands_in_the_subject(background: RecipeApp) -> None:
    taken = 0
    for number, text in enumerate(SENDABLE):
        address = f"text-{number}@example.com"

        answer = background.http.post("/users/register", json={"username": text, "email": address})

        assert answer.status_code in (201, 422), text
        if answer.status_code == 201:
            taken += 1
            assert [job["status"] for job in background.jobs(answer)] == ["succeeded"] * 2
            [mail] = background.mail(address)
            assert mail["subject"] == f"Welcome, {text}".strip()
            assert f"Hello {text}," in mail["body"]
    assert 20 < taken < len(SENDABLE)


def test_no_item_adds_a_line_of_its_own_to_the_audit_log(background: RecipeApp) -> None:
    for text in SENDABLE:
        answer = background.http.post("/items", json={"name": f"item {text}"})

        assert answer.status_code in (201, 422), text

    lines = background.audit_lines("")
    assert "/items: done" in lines
    known = r"(user \d+|/items|/images/\S+): (register|delete|done|refused|called)"
    assert [line for line in lines if not re.fullmatch(known, line)] == []


def test_any_push_arrives_as_it_was_sent(background: RecipeApp) -> None:
    taken = 0
    for text in SENDABLE:
        message = {"token": "device-1", "title": text, "body": text}

        answer = background.http.post("/notify", json=message)

        assert answer.status_code in (202, 422), text
        if answer.status_code == 202:
            taken += 1
            assert background.job(answer)["status"] == "succeeded"
            sent = json.loads(background.services.on("/push")[-1].body)
            assert sent["notification"] == {"title": text, "body": text}
    assert 20 < taken < len(SENDABLE)


def test_any_title_of_a_draft_is_drawn(background: RecipeApp) -> None:
    text = " ".join(each for each in SENDABLE if tidy(each) == each)[:200]

    answer = background.http.post("/reports/drafts", json={"title": text, "regions": {text: 1}})

    assert background.job(answer)["status"] == "succeeded"
