"""E24: pixels are computed outside the API, and a partner who never answers stops nobody else."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from workshop.app_under_check import App
from workshop.chance import some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

SIDE_PX = 200
PING_S = 0.5
PINGS = 15
PARTNER_S = 2
END_S = 25.0


def check(kit: Kit) -> None:
    silent = some_names(some_count(3, 4), "silent-")
    good = some_names(some_count(3, 4), "picture-")
    with partner() as url:
        app = kit.start(env={"WEBHOOK_URL": url})
        app.get("/ping", status=200)
        for name in (*silent, *good):  # the silent ones come first and take every thread
            post(app, name)
        for _ in range(PINGS):
            spent_s = app.get("/ping", status=200).seconds
            expected = f"GET /ping in under {PING_S:g} s while pictures are made"
            expect(spent_s < PING_S, expected, f"{spent_s:.1f} s")
        for name in good:
            app.wait_status(f"/pictures/{name}", "status", {"finished"}, END_S)
        for name in silent:
            app.wait_status(f"/pictures/{name}", "status", {"untold"}, END_S)

        for name in (*good, *silent):
            expect_processed_elsewhere(app, name)
            told = app.journal.count("told", name=name)
            expect(told == (name in good), "each partner who answers told once, no other", told)


def post(app: App, name: str) -> None:
    content = io.BytesIO()
    Image.new("L", (SIDE_PX, SIDE_PX), 10).save(content, "PNG")
    files = {"file": ("a.png", content.getvalue(), "image/png")}
    app.post(f"/pictures/{name}", status=202, files=files)
    early = app.journal.count("told", name=name)
    expect(early == 0, "the answer before the picture is made", "the picture first")


def expect_processed_elsewhere(app: App, name: str) -> None:
    runs = app.journal.events("processed", name=name)
    expect(len(runs) == 1, "each picture processed once", len(runs))
    inside = runs[0]["pid"] == app.part.pid
    expect(not inside, "the pixels computed in another process than the API", "the same process")


@contextmanager
def partner() -> Iterator[str]:
    """Run a partner's server that takes each webhook, and never answers the silent ones."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if name.startswith("silent"):
                ended.wait(60)
                return
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
