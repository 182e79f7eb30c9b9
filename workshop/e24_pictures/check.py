"""E24: pixels are computed outside the API, and a partner who never answers stops nobody else."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from workshop.app_under_check import App
from workshop.chance import some_names
from workshop.kit import Kit
from workshop.verdict import expect

SIDE_PX = 120
SILENT = 4
PING_S = 0.5
FROZEN_S = 1.5  # a busy machine is slower than the README, and a partner takes 2
PINGS = 15
END_S = 25.0
PARTNER_S, LONGEST_S = 2, 8.0  # a busy process lets go later
LATE_S = 0.8  # an answer that comes in time
SLACK_S = 0.3  # in which a picture is made, besides what it takes alone


def check(kit: Kit) -> None:
    silent = some_names(SILENT, "silent-")
    late, beside, alone, *good = (*some_names(1, "late-"), *some_names(5, "picture-"))
    with run_partner() as partner:
        app = kit.start(env={"WEBHOOK_URL": partner.url})
        app.get("/ping", status=200)
        behind = [post(app, name) for name in silent]  # they take every thread that there is
        expected = "a webhook for each picture, also of a partner who does not answer"
        app.wait_until(expected, lambda: len(partner.taken), SILENT.__le__, END_S)
        beside_at = finish(app, beside)
        behind += [post(app, name) for name in (late, *good)]
        # Of one at least: a busy machine answers late.
        expect(any(behind), "the answer before the picture is made", "the picture first")
        for _ in range(PINGS):
            spent_s = app.get("/ping", status=200).seconds
            expected = f"GET /ping in under {PING_S:g} s while pictures are made"
            expect(spent_s < FROZEN_S, expected, f"{spent_s:.1f} s")
        for name in (*good, late):
            app.wait_status(f"/pictures/{name}", "status", {"finished"}, END_S)
        for name in silent:
            app.wait_status(f"/pictures/{name}", "status", {"untold"}, END_S)
        alone_at = finish(app, alone)
        app.wait_until(
            "every call of a partner who does not answer ended",
            lambda: f"{len(partner.taken) - len(partner.held)} of {len(partner.taken)} still wait",
            lambda _: len(partner.held) == len(partner.taken),
            END_S,
        )
        longest_s = max(end - start for start, end in partner.held)
        expected = f"a partner who does not answer to be waited for {PARTNER_S} s"
        expect(longest_s < LONGEST_S, expected, f"{longest_s:.0f} s")

    for name in (*good, late, beside, alone, *silent):
        expect_processed_elsewhere(app, name)
        calls = partner.called.count(name)
        expect(calls == 1, "one webhook for each picture, also without an answer", calls)
        told = app.journal.events("told", name=name)
        expected = "each partner who answers told once, no other"
        expect(len(told) == (name not in silent), expected, len(told))
    beside_s, alone_s = told_after(app, beside, beside_at), told_after(app, alone, alone_at)
    free_s = min((end - beside_at for _, end in partner.held if end > beside_at), default=0.0)
    expected = f"a picture made and told while {SILENT} partners who do not answer are waited for"
    had_time = free_s > alone_s + SLACK_S
    expect(not had_time or beside_s < free_s, expected, "it waits until one of them is given up")


def post(app: App, name: str) -> bool:
    """Post a picture; tell whether it is made behind the answer."""
    content = io.BytesIO()
    Image.new("L", (SIDE_PX, SIDE_PX), 10).save(content, "PNG")
    files = {"file": ("a.png", content.getvalue(), "image/png")}
    app.post(f"/pictures/{name}", status=202, files=files)
    return not app.journal.count("processed", name=name)


def finish(app: App, name: str) -> float:
    """Post a picture and wait for its end; return the moment of the post."""
    posted_at = time.monotonic()
    post(app, name)
    app.wait_status(f"/pictures/{name}", "status", {"finished"}, END_S)
    return posted_at


def told_after(app: App, name: str, posted_at: float) -> float:
    told_at: float = app.journal.events("told", name=name)[0]["t"]
    return told_at - posted_at


def expect_processed_elsewhere(app: App, name: str) -> None:
    runs = app.journal.events("processed", name=name)
    expect(len(runs) == 1, "each picture processed once", len(runs))
    inside = runs[0]["pid"] == app.part.pid
    expect(not inside, "the pixels computed in another process than the API", "the same process")
    told = app.journal.events("told", name=name)
    in_order = not told or runs[0]["t"] < told[0]["t"]
    expect(in_order, "the partner told when the picture is processed", "told before")


@dataclass
class Partner:
    """Who gets the webhooks: all names, those not answered, and from when to when each waited."""

    url: str = ""
    called: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    held: list[tuple[float, float]] = field(default_factory=list)


@contextmanager
def run_partner() -> Iterator[Partner]:
    """Run a partner's server that takes each webhook, and never answers the silent ones."""
    partner = Partner()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = self.rfile.read(int(self.headers["Content-Length"])).decode()
            partner.called.append(name)
            if name.startswith("silent"):
                since = time.monotonic()
                partner.taken.append(name)
                with suppress(OSError):
                    self.connection.recv(1)  # until the caller hangs up
                partner.held.append((since, time.monotonic()))
                return
            if name.startswith("late"):
                time.sleep(LATE_S)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    partner.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield partner
    finally:
        server.shutdown()
        server.server_close()
