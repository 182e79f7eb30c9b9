"""E4: whichever job fails, the others finish, and the failure is told in both places."""

from workshop.app_under_check import App
from workshop.chance import shuffled, some_name
from workshop.kit import Kit
from workshop.verdict import expect, expect_plain

EFFECTS = {"charge_card": "charged", "send_welcome": "welcomed", "tell_sales": "told"}
FAILS = {
    "broke": ("charge_card", "the bank does not answer for "),
    "shy": ("send_welcome", "no address of "),
    "odd": ("tell_sales", "the library of the sales team breaks at "),
    "glad": ("", ""),
}


def check(kit: Kit) -> None:
    app = kit.start()

    users = [some_name(f"{mood}-") for mood in shuffled(["broke", "shy", "odd", "glad", "broke"])]
    ids = {user: sign_up(app, user) for user in users}
    for user in users:
        failing, reason = FAILS[user.partition("-")[0]]
        for name, task_id in ids[user].items():
            if name != failing:
                app.wait_status(f"/tasks/{task_id}", "status", {"finished"}, timeout_s=3)
                count = app.journal.count(EFFECTS[name], user=user)
                expect(count == 1, f"{name} to run once beside a job that fails", count)
        if failing:
            expect_failure_is_told(app, ids[user][failing], f"{reason}{user}")


def sign_up(app: App, user: str) -> dict[str, str]:
    answer = app.post(f"/users/{user}", status=202)
    expect(
        isinstance(answer.body, dict) and EFFECTS.keys() <= answer.body.keys(),
        "three ids",
        answer.body,
    )
    return {name: str(answer.get(name)) for name in EFFECTS}


def expect_failure_is_told(app: App, task_id: str, reason: str) -> None:
    for _ in range(2):  # it is told to whoever asks, not to the first alone
        failed = app.get(f"/tasks/{task_id}", status=200)
        status = failed.get("status")
        expect(status == "failed", "status failed for the job that raises", repr(status))
        error = str(failed.get("error"))
        expect(reason in error, f"the error {reason!r} beside the status", repr(error))
        expect_plain(error)
    lines = [line for line in app.part.log_text().splitlines() if task_id in line]
    expect(len(lines) == 1, "one line in the log that names the failed task", f"{len(lines)} lines")
