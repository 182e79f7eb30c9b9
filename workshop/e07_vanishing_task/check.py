"""E7: waiting jobs outlive the garbage collector, are counted while they wait, and are let go."""

from workshop.app_under_check import App
from workshop.chance import shuffled, some_count, some_name
from workshop.kit import Kit
from workshop.verdict import expect

CROWD = 60  # wait at the same time: whoever keeps the last fifty loses some


def check(kit: Kit) -> None:
    app = kit.start()
    first, waiting = some_count(1, 9000), some_count(4, 7)
    numbers = list(range(first, first + waiting))
    for number in numbers:
        send_parcel(app, number)

    left = [numbers[-1], *shuffled(numbers[:-1])]  # the newest last: it may be all that is kept
    while left:
        app.post("/gc", status=200)
        held = count_running(app)
        alive = f"{len(left)} waiting jobs to be alive after the garbage collector ran"
        expect(tell_door(app, left.pop()), alive, "one that nobody can reach")
        expected = f"{len(left) + 1} in GET /running while as many jobs wait"
        expect(held == len(left) + 1, expected, held)
    expect_let_go(app, waiting)

    crowd = range(first + waiting, first + waiting + CROWD)
    for number in crowd:
        app.post(f"/parcels/{number}", status=202)
    app.wait_event("asked", f"job {crowd[-1]} to start", number=crowd[-1])
    app.post("/gc", status=200)
    lost = sum(app.post(f"/courier/{n}", params={"door": "x"}).status != 200 for n in crowd)
    alive = f"{CROWD} jobs that wait at once to be alive after the garbage collector ran"
    expect(not lost, alive, f"{CROWD - lost}")
    expect_let_go(app, waiting + CROWD)
    count = app.journal.count("delivered")
    expect(count == waiting + CROWD, f"{waiting + CROWD} parcels, each delivered once", count)


def send_parcel(app: App, number: int) -> None:
    app.post(f"/parcels/{number}", status=202)
    app.wait_event("asked", f"job {number} to start", number=number)


def tell_door(app: App, number: int) -> bool:
    """Answer as the courier; tell whether a job has heard it."""
    door = some_name()
    if app.post(f"/courier/{number}", params={"door": door}).status != 200:
        return False
    app.wait_event("delivered", f"parcel {number} to be delivered", number=number, to=door)
    return True


def expect_let_go(app: App, done: int) -> None:
    expected = f"no task kept after {done} jobs are done"
    app.wait_until(expected, lambda: count_running(app), lambda left: left == 0, 2)


def count_running(app: App) -> object:
    return app.get("/running", status=200).get("running")
