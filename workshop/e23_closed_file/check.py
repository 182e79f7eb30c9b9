"""E23: each report is made from its own file, behind the answer, and no upload is left behind."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from functools import partial
from operator import not_
from pathlib import Path

from workshop.app_under_check import Answer, App
from workshop.chance import some_count, some_name
from workshop.kit import Kit
from workshop.verdict import expect

NAMES = ["orders.csv", "orders.csv", "../orders.csv", "ä" * 150 + ".csv"]
MARK = some_name("Region-")  # of each upload, and of no report
BAD = {
    "an amount that is no number": f"region,amount\n{MARK},2.50\n{MARK},many\n".encode(),
    "no column amount": f"region,price\n{MARK},2.50\n".encode(),
    "a row that is too short": f"region,amount\n{MARK}\n".encode(),
    "bytes that are no UTF-8": f"region,amount\n{MARK},2.50\n".encode() + b"\xff,1.00\n",
}
LARGE_ROWS = 65_000
END_S = 20.0
LEFT_S = 5.0
HEADER = "region,amount\n"


def check(kit: Kit) -> None:
    (kit.folder / "temp").mkdir()
    app = kit.start(env={"TMPDIR": str(kit.folder / "temp")})

    files = [(name, make_orders(some_count(3, 9))) for name in NAMES]
    files.append(("large.csv", make_orders(LARGE_ROWS)))  # larger than what is kept in memory
    with ThreadPoolExecutor(len(files)) as threads:  # at once: two of them have one name
        posted = list(threads.map(lambda each: post(app, each[0], each[1].encode()), files))
    behind = [is_behind for _, is_behind in posted]  # of one at least: a busy machine answers late
    expect(any(behind), "the answer before the report is made", "the report first")
    reports = [(id_, text) for (id_, _), (_, text) in zip(posted, files, strict=True)]
    bad = {what: post(app, "bad.csv", content)[0] for what, content in BAD.items()}
    twin = files[0][1]  # another customer may have the same orders
    reports.append((post(app, "twin.csv", twin.encode())[0], twin))
    for report_id, text in reports:
        app.wait_status(f"/reports/{report_id}", "status", {"finished"}, END_S)
        expect_report(app, report_id, text)
    for what, report_id in bad.items():
        expect_failed(app, report_id, what)
    expect_nothing(app, "/reports/no-such-report/file", 404, "a report that nobody asked for")

    expected = "no upload left once its report has ended"
    app.wait_until(expected, partial(list_kept, kit.folder), not_, LEFT_S)


def make_orders(count: int) -> str:
    rows = (f"{MARK}-{n},{Decimal(some_count(1, 9999)).scaleb(-2)}\n" for n in range(count))
    return HEADER + "".join(rows)


def post(app: App, name: str, content: bytes) -> tuple[str, bool]:
    """Post a file; return the id of its report, and whether it is made behind the answer."""
    answer = app.post("/reports", status=202, files={"file": (name, content, "text/csv")})
    report_id = str(answer.get("report_id"))
    is_behind = not app.journal.count("finished", report_id=report_id)
    download = app.get(f"/reports/{report_id}/file")
    if not app.journal.count("finished", report_id=report_id):
        expected = "409 for the file of a report that is not finished"
        expect(download.status == 409, expected, app.describe(download))
    return report_id, is_behind


def expect_failed(app: App, report_id: str, what: str) -> None:
    ended = {"failed", "finished"}
    status = app.wait_status(f"/reports/{report_id}", "status", ended, END_S).get("status")
    expect(status == "failed", f"status failed for a file with {what}", repr(status))
    expect_nothing(app, f"/reports/{report_id}/file", 409, "a report that failed")


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


def list_kept(folder: Path) -> list[str]:
    """Return the files with rows of an upload, in DATA_DIR and beside it."""
    kept = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # it is removed just now
            if path.is_file() and MARK.encode() in path.read_bytes():
                kept.append(path.name)
    return kept
