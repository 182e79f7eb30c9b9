"""E24: pixels are computed outside the API, and a partner who never answers stops nobody else."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from workshop.app_under_check import App
from workshop.chance import some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

SIDE_PX = 120
SIDE_BY_SIDE = 3
PING_S = 0.5
FROZEN_S = 1.5  # a busy machine is slower than the README, and a partner takes 2
PINGS = 15
END_S = 25.0
PARTNER_S, LONGEST_S = 2, 8.0  # a busy process lets go later


def check(kit: Kit) -> None:
    silent = some_names(2 * some_count(2, 3), "silent-")
    last, *good = some_names(some_count(4, 5), "picture-")
    with partner() as (url, taken, held):
        app = kit.start(env={"WEBHOOK_URL": url})
        app.get("/ping", status=200)
        # The silent ones come first and take every thread.
        behind = [post(app, name) for name in (*silent, *good)]
        # Of one at least: a busy machine answers late.
        expect(any(behind), "the answer before the picture is made", "the picture first")
        for _ in range(PINGS):
            spent_s = app.get("/ping", status=200).seconds
            expected = f"GET /ping in under {PING_S:g} s while pictures are made"
            expect(spent_s < FROZEN_S, expected, f"{spent_s:.1f} s")
        for name in good:
            app.wait_status(f"/pictures/{name}", "status", {"finished"}, END_S)
        for name in silent:
            app.wait_status(f"/pictures/{name}", "status", {"untold"}, END_S)
        post(app, last)
        app.wait_status(f"/pictures/{last}", "status", {"finished"}, END_S)
        app.wait_until(
            "every call of a partner who does not answer ended",
            lambda: f"{len(taken) - len(held)} of {len(taken)} still wait",
            lambda _: len(held) == len(taken),
            END_S,
        )
        longest_s = max(end - start for start, end in held)
        expected = f"a partner who does not answer to be waited for {PARTNER_S} s"
        expect(longest_s < LONGEST_S, expected, f"{longest_s:.0f} s")
        most = max(sum(start <= moment < end for start, end in held) for moment, _ in held)
        expected = "partners who do not answer waited for side by side, and not before other work"
        expect(most >= SIDE_BY_SIDE, expected, f"{most} at once")

        for name in (*good, last, *silent):
            expect_processed_elsewhere(app, name)
            told = app.journal.count("told", name=name)
            expect(
                told == (name not in silent), "each partner who answers told once, no other", told
            )


def post(app: App, name: str) -> bool:
    """Post a picture; tell whether it is made behind the answer."""
    content = io.BytesIO()
    Image.new("L", (SIDE_PX, SIDE_PX), 10).save(content, "PNG")
    files = {"file": ("a.png", content.getvalue(), "image/png")}
    app.post(f"/pictures/{name}", status=202, files=files)
    return not app.journal.count("processed", name=name)


def expect_processed_elsewhere(app: App, name: str) -> None:
    runs = app.journal.events("processed", name=name)
    expect(len(runs) == 1, "each picture processed once", len(runs))
    inside = runs[0]["pid"] == app.part.pid
    expect(not inside, "the pixels computed in another process than the API", "the same process")


@contextmanager
def partner() -> Iterator[tuple[str, list[str], list[tuple[float, float]]]]:
    """Run a partner's server that takes each webhook, and never answers the silent ones.

    Yields its address, the names of those that it was called about, and from when to when it was
    waited for each of them.
    """
    taken: list[str] = []
    held: list[tuple[float, float]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if name.startswith("silent"):
                since = time.monotonic()
                taken.append(name)
                with suppress(OSError):
                    self.connection.recv(1)  # until the caller hangs up
                held.append((since, time.monotonic()))
                return
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", taken, held
    finally:
        server.shutdown()
        server.server_close()
