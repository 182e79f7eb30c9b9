"""A service whose answer has no end is one that has answered: no job reads it, or waits for it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat

import httpx
import pytest

from lab.processes.ports import HOST
from tests.support.waiting import wait_until

from .celery_api import CeleryApi
from .recipe_app import RecipeApp

MIB = bytes(1024**2)
SHORT_S = 15  # of a job; to read on would take for ever


class Endless(BaseHTTPRequestHandler):
    """Says 200, and goes on for as long as somebody reads."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with suppress(OSError):  # the client has what it wanted
            self.send_response(200)
            self.end_headers()
            for part in repeat(MIB):
                self.wfile.write(part)

    do_GET = do_PUT = do_POST  # noqa: N815 - the names that the server looks for

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def endless() -> Iterator[dict[str, str]]:
    """Yield settings that name such a service wherever a recipe calls one."""
    with ThreadingHTTPServer((HOST, 0), Endless) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://{HOST}:{server.server_port}"
        names = ("PUSH_URL", "BACKUP_URL", "SYNC_URL", "PAYMENT_URL", "WEBHOOK_URL")
        yield dict.fromkeys(names, url) | {"SOURCES": json.dumps({"endless": url})}
        server.shutdown()


@contextmanager
def opened(app: RecipeApp, env: dict[str, str]) -> Iterator[RecipeApp]:
    """Start one more API of the same recipes that calls these services."""
    name = app.part.name
    part = app.stack.start(name, label=f"{name}-endless", env=env)
    with closing(httpx.Client(base_url=part.url, timeout=20)) as http:
        yield RecipeApp(app.stack, part, http, app.services)


def assert_succeeds(app: RecipeApp, *answers: httpx.Response) -> None:
    began = time.monotonic()
    for answer in answers:
        assert [job["status"] for job in app.jobs(answer)] == ["succeeded"], app.jobs(answer)
    assert time.monotonic() - began < SHORT_S


def test_answers_without_end_in_01(background: RecipeApp, endless: dict[str, str]) -> None:
    with opened(background, endless) as app:
        app.http.post("/items", json={"name": "for the audit log"}).raise_for_status()

        push = app.http.post("/notify", json={"token": "t", "title": "x", "body": ""})

        assert_succeeds(app, push, app.http.post("/backups"))


def test_answers_without_end_in_02(tasks: RecipeApp, endless: dict[str, str]) -> None:
    with opened(tasks, endless) as app:
        assert_succeeds(app, app.http.post("/users/ann/settings", json={"theme": "dark"}))

        [job] = app.jobs(app.http.post("/cache/endless"))
        assert job["error"] == "the source 'endless' sends too much"


def test_answers_without_end_in_03(celery_api: CeleryApi, endless: dict[str, str]) -> None:
    app, payment = celery_api, {"account": "DE12", "cents": 1}
    with app.worker("endless", env=endless):
        broadcast = {"user_ids": ["ann"], "message": "x"}

        assert_succeeds(
            app,
            app.notify("ann"),
            app.http.post("/notifications/broadcast", json=broadcast),
            app.http.post("/payments", json=payment, headers={"Idempotency-Key": "endless"}),
        )


def test_answers_without_end_in_04(queue: RecipeApp, endless: dict[str, str]) -> None:
    with opened(queue, endless) as app:
        answer = app.http.post("/probes", json={"source": "endless", "every_s": 0.1})
        task_id = answer.json()["task_id"]

        [probe] = wait_until(
            "the probe has asked", lambda: app.read("/probes"), lambda found: found[0]["runs"]
        )
        app.http.delete(f"/tasks/{task_id}").raise_for_status()
        assert probe["failures"] == 0, probe
