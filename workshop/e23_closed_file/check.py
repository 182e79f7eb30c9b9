"""E23: each report is made from its own file, behind the answer, and no upload is left behind."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

from workshop.app_under_check import Answer, App
from workshop.chance import some_count
from workshop.kit import Kit
from workshop.verdict import expect

NAMES = ["orders.csv", "orders.csv", "../orders.csv", "ä" * 100 + ".csv"]
BAD = b"region,amount\nNorth,2.50\nSouth,many\n"
LARGE_ROWS = 65_000
END_S = 20.0
HEADER = "region,amount\n"


def check(kit: Kit) -> None:
    app = kit.start()
    folder = kit.folder / "app"
    before = set(kit.folder.rglob("*"))

    files = [(name, make_orders(some_count(3, 9))) for name in NAMES]
    files.append(("large.csv", make_orders(LARGE_ROWS)))  # larger than what is kept in memory
    with ThreadPoolExecutor(len(files)) as threads:  # at once: two of them have one name
        posted = list(threads.map(lambda each: post(app, *each), files))
    behind = [is_behind for _, is_behind in posted]  # of one at least: a busy machine answers late
    expect(any(behind), "the answer before the report is made", "the report first")
    reports = [(id_, text) for (id_, _), (_, text) in zip(posted, files, strict=True)]
    bad, _ = post(app, "bad.csv", BAD.decode())
    for report_id, text in reports:
        app.wait_status(f"/reports/{report_id}", "status", {"finished"}, END_S)
        expect_report(app, report_id, text)
    app.wait_status(f"/reports/{bad}", "status", {"failed"}, END_S)
    expect_nothing(app, f"/reports/{bad}/file", 409, "a report that failed")
    expect_nothing(app, "/reports/no-such-report/file", 404, "a report that nobody asked for")

    expect_no_upload(app, folder, before, {text for _, text in reports} | {BAD.decode()})


def make_orders(count: int) -> str:
    rows = (f"Region {n},{Decimal(some_count(1, 9999)).scaleb(-2)}\n" for n in range(count))
    return HEADER + "".join(rows)


def post(app: App, name: str, text: str) -> tuple[str, bool]:
    """Post a file; return the id of its report, and whether it is made behind the answer."""
    answer = app.post("/reports", status=202, files={"file": (name, text.encode(), "text/csv")})
    report_id = str(answer.get("report_id"))
    is_behind = not app.journal.count("finished", report_id=report_id)
    download = app.get(f"/reports/{report_id}/file")
    if not app.journal.count("finished", report_id=report_id):
        expected = "409 for the file of a report that is not finished"
        expect(download.status == 409, expected, app.describe(download))
    return report_id, is_behind


def expect_nothing(app: App, path: str, status: int, what: str) -> None:
    answer = app.get(path)
    expect(answer.status == status, f"{status} for the file of {what}", app.describe(answer))


def expect_report(app: App, report_id: str, text: str) -> None:
    amounts = [Decimal(line.rpartition(",")[2]) for line in text.splitlines()[1:]]
    wanted = f"orders,total\n{len(amounts)},{sum(amounts)}\n"
    answer: Answer = app.get(f"/reports/{report_id}/file", status=200)
    expect(answer.body == wanted, f"the report {wanted!r} of its own file", repr(answer.body))
    kind = answer.headers.get("content-type", "")
    expect(kind.startswith("text/csv"), "a report as text/csv", repr(kind))
    count = app.journal.count("finished", report_id=report_id)
    expect(count == 1, "each report made once", count)


def expect_no_upload(app: App, folder: Path, before: set[Path], texts: set[str]) -> None:
    """Look for a copy of an upload, in DATA_DIR and where `../` would lead."""
    for path in {*folder.rglob("*"), *folder.parent.glob("*")} - before:
        if path.is_file() and path.suffix != ".jsonl":
            kept = path.read_text(errors="replace") in texts
            expect(not kept, "no upload left once its report has ended", path.name)
