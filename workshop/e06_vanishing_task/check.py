"""E6: a waiting job outlives the garbage collector, and is let go when it is done."""

from workshop.app_under_check import App
from workshop.kit import Kit
from workshop.verdict import expect

JOBS = 100


def check(kit: Kit) -> None:
    app = kit.start()
    for number in range(5):
        send_parcel(app, number)

    app.post("/gc", status=200)
    answers = [app.post(f"/courier/{number}", params={"door": "left"}) for number in range(5)]
    told = [answer.status for answer in answers].count(200)
    expect(told == 5, "5 of 5 jobs to be alive after the garbage collector ran", told)
    app.wait_event("delivered", "the last parcel to be delivered", number=4)

    for number in range(5, JOBS):
        send_parcel(app, number)
        app.post(f"/courier/{number}", status=200, params={"door": "left"})
        app.wait_event("delivered", f"parcel {number} to be delivered", number=number)
    count = app.journal.count("delivered")
    expect(count == JOBS, f"{JOBS} parcels, each delivered once", count)
    left = app.get("/running", status=200).get("running")
    expect(left == 0, f"no task kept after {JOBS} jobs are done", left)


def send_parcel(app: App, number: int) -> None:
    app.post(f"/parcels/{number}", status=202)
    app.wait_event("asked", f"job {number} to start", number=number)
