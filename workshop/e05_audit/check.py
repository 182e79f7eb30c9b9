"""E5: an audit line behind each 201 and each 409, after the answer, and one welcome each."""

from workshop.app_under_check import App
from workshop.chance import some_count, some_names
from workshop.kit import Kit
from workshop.verdict import expect

AT_ONCE_S = 0.7  # an audit line takes a second, and so does a welcome
LINE_S = 6.0  # also where one line is written after the other
QUIET_S = 1.5
REFUSALS = 2


def check(kit: Kit) -> None:
    app = kit.start()
    users = some_names(some_count(2, 3), "user-")

    for user in users:
        register(app, user, 201, "created")
    for user in users:  # before anything is written for the first
        register(app, user, 409, "refused")
    for user in users:
        expect_line(app, user, 201, "created", 1)
    for user in users:
        app.wait_event("welcomed", "a welcome for a new user", timeout_s=LINE_S, user=user)
        expect_line(app, user, 409, "refused", 1)
    for user in users:
        register(app, user, 409, "refused", before=1)
        app.get(f"/users/{user}", status=405)  # no registration, so no line
    for user in users:
        expect_line(app, user, 409, "refused", REFUSALS)

    app.wait_quiet(QUIET_S)
    for user in users:
        lines, mails = (
            app.journal.count("audited", user=user),
            app.journal.count("welcomed", user=user),
        )
        expected = f"{1 + REFUSALS} audit lines, for a 201 and two 409, and none for a 405"
        expect(lines == 1 + REFUSALS, expected, lines)
        expect(mails == 1, "one welcome for each user, whatever came after it", mails)
    expect(not app.last_error(), "no error in the log", app.last_error())


def register(app: App, user: str, status: int, outcome: str, before: int = 0) -> None:
    """Post a user; the answer comes before the audit line, also while other lines are written."""
    answer = app.post(f"/users/{user}", status=status)
    early = app.journal.count("audited", user=user, outcome=outcome) > before
    expect(not early, "the answer before the audit line is written", "the line first")
    expected = f"an answer in under {AT_ONCE_S:g} s, whatever is written and sent behind it"
    expect(answer.seconds < AT_ONCE_S, expected, f"one after {answer.seconds:.1f} s")


def expect_line(app: App, user: str, status: int, outcome: str, count: int) -> None:
    app.wait_until(
        f"an audit line for each {status}",
        lambda: app.journal.count("audited", user=user, outcome=outcome),
        lambda seen: seen >= count,
        LINE_S,
    )
