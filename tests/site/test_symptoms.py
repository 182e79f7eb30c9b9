"""Every question has an answer that exists, and what people search for leads to it."""

import re
from itertools import chain
from pathlib import Path

from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from lab.approaches import ROOT
from site_making.symptoms import THREAD, find_answer, load_questions, load_symptoms

LEAST_QUESTIONS = 66  # threads about these have been read


def test_every_question_leads_to_a_section_that_exists(site: Path) -> None:
    answers = {each["asks"]: find_answer(ROOT, each) for each in load_questions(ROOT)}
    wrong = []

    for question, answer in answers.items():
        page, _, anchor = answer.partition("#")
        built = site / page.removesuffix(".md").removesuffix("README") / "index.html"
        if not built.is_file() or (anchor and f' id="{anchor}"' not in built.read_text("utf-8")):
            wrong.append((question, answer))

    assert not wrong
    assert len(answers) >= LEAST_QUESTIONS


def test_every_thread_of_a_symptom_belongs_to_a_question() -> None:
    asked = set(chain.from_iterable(each.get("threads", []) for each in load_questions(ROOT)))
    entries = chain.from_iterable(load_symptoms(ROOT).values())

    assert all(THREAD.fullmatch(thread) for thread in asked)
    assert set(chain.from_iterable(each["threads"] for each in entries)) <= asked


def test_no_two_symptoms_share_an_anchor(site: Path) -> None:
    text = (site / "symptoms" / "index.html").read_text(encoding="utf-8")
    anchors = re.findall(r'<h3 id="([^"]+)"', text)

    assert len(anchors) == len(list(chain.from_iterable(load_symptoms(ROOT).values())))
    assert len(set(anchors)) == len(anchors)


def test_shared_background_tasks_run_again_with_each_request() -> None:
    app, shared, done = FastAPI(), BackgroundTasks(), list[str]()

    @app.post("/{name}")
    async def add(name: str) -> JSONResponse:
        shared.add_task(done.append, name)
        return JSONResponse({}, background=shared)

    client = TestClient(app)
    client.post("/first")
    client.post("/second")

    assert done == ["first", "first", "second"]
