"""E13: without a broker a quick 503 and an API that lives; with one a 202."""

from lab.processes.ports import HOST, claim
from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import Missed, expect

ANSWER_S = 4.0
PING_S = 1.0


def check(kit: Kit) -> None:
    closed = claim(17_900)
    try:
        nowhere = f"redis://{HOST}:{closed.number}/0"
        check_down(kit.start("down", env={"REDIS_URL": nowhere}))
        kit.start_valkey()
        kit.start("up").post("/reports/may", status=202)
    finally:
        closed.release()


def check_down(app: App) -> None:
    app.get("/ping", status=200)
    post = app.later("POST", "/reports/may", timeout_s=ANSWER_S)
    pings = [app.later("GET", "/ping", timeout_s=ANSWER_S) for _ in range(10)]
    expected = f"an answer to GET /ping in under {PING_S:g} s while the broker is down"
    try:
        slowest = max(ping.result().seconds for ping in pings)
    except Missed:
        raise Missed(expected, f"none in {ANSWER_S:g} s") from None
    expect(slowest < PING_S, expected, f"{slowest:.1f} s")
    try:
        answer = post.result()
    except Missed:
        raise Missed(f"503 within {ANSWER_S:g} s while the broker is down", "no answer") from None
    expect(answer.status == 503, "503 while the broker is down", app.describe(answer))
