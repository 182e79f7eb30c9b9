"""Pictures in a chain of jobs, CSV files into the database, reports."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from pypdf import PdfReader

from tests.recipes.recipe_app import RecipeApp, run_recipe_app
from tests.support.client import accepted_id
from tests.support.png import COLOUR, flat_png
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

HEADER = b"date,region,product,quantity,unit_price\n"
ROW = b"2026-11-21,north,lamp,2,19.90\n"


def make_picture(app: RecipeApp, width_px: int = 64, height_px: int = 32) -> str:
    """Let the app make a picture; return its id."""
    picture = flat_png(width_px, height_px, COLOUR)
    task_id = accepted_id(app.api.post_image(picture, ["thumbnail"], width_px))
    assert app.api.wait_until_final(task_id).status == "succeeded"
    return task_id


def process(app: RecipeApp, image_id: str, width: int) -> httpx.Response:
    body = {"operations": ["grayscale"], "width": width}
    return app.http.post(f"/images/{image_id}/process", json=body)


def webhooks(app: RecipeApp, image_id: str) -> int:
    """Count the webhooks about a picture, its making included."""
    return sum(image_id.encode() in each.body for each in app.services.on("/webhooks"))


@contextmanager
def broken(path: Path) -> Iterator[None]:
    """Put a folder in the place of a file."""
    kept = path.rename(path.with_suffix(".kept"))
    path.mkdir()
    try:
        yield
    finally:
        path.rmdir()
        kept.rename(path)


def test_chain_processes_indexes_and_tells_in_order(background: RecipeApp) -> None:
    image_id = make_picture(background)

    jobs = background.jobs(process(background, image_id, width=48))

    names = [job["name"] for job in jobs]
    assert names == ["write_audit_line", "process_image", "index", "send_webhook"]
    assert [job["status"] for job in jobs] == ["succeeded"] * 4
    assert webhooks(background, image_id) == 2
    content = background.http.get(f"/tasks/{image_id}/result").content
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.size, picture.mode) == ((48, 24), "L")


def test_broken_step_is_on_record_and_stops_what_needs_it(background: RecipeApp) -> None:
    image_id = make_picture(background, 16, 4000)

    line, processed, *dependent = background.jobs(process(background, image_id, width=4096))

    assert line["status"] == "succeeded"
    assert processed["status"] == "failed"
    assert processed["error"] == "the picture would have 4096 x 1024000 pixels, too many"
    assert [job["status"] for job in dependent] == ["cancelled", "cancelled"]
    assert {job["error"] for job in dependent} == {"not run: process_image is failed"}
    assert webhooks(background, image_id) == 1


def test_broken_index_does_not_stop_the_webhook(background: RecipeApp) -> None:
    image_id = make_picture(background)

    with broken(background.data_dir / "pictures.sqlite"):
        jobs = background.jobs(process(background, image_id, width=48))

    assert [job["status"] for job in jobs] == ["succeeded", "succeeded", "failed", "succeeded"]
    assert "unable to open database file" in jobs[2]["error"]
    assert webhooks(background, image_id) == 2


def test_webhook_that_answers_500_is_on_record(background: RecipeApp) -> None:
    image_id = make_picture(background)

    background.services.fail("/webhooks", 500, times=1)
    jobs = background.jobs(process(background, image_id, width=48))

    assert [job["status"] for job in jobs] == ["succeeded", "succeeded", "succeeded", "failed"]
    assert jobs[3]["error"] == "the webhook answered 500"


def test_job_of_a_dependency_ends_on_record_when_the_route_refuses(background: RecipeApp) -> None:
    before = background.count_events("write_audit_line", "cancelled")

    refused = process(background, str(uuid4()), width=48)

    assert refused.status_code == 404
    assert "image_id" in refused.json()["detail"]
    assert background.count_events("write_audit_line", "cancelled") == before + 1


def upload(app: RecipeApp, rows: bytes, filename: str = "orders.csv") -> httpx.Response:
    return app.http.post("/upload-csv", files={"file": (filename, HEADER + rows)})


@pytest.mark.parametrize("filename", ["../evil.csv", "/etc/evil.csv", "x" * 4000])
def test_upload_gets_a_name_of_its_own(background: RecipeApp, filename: str) -> None:
    first, second = (upload(background, ROW * count, filename) for count in (2, 3))

    results = [background.job(answer)["result"] for answer in (first, second)]
    assert [result["orders"] for result in results] == [2, 3]
    for result in results:
        sql = "SELECT COUNT(*) FROM imported WHERE import_id = ?"
        assert background.query("recipes.sqlite", sql, result["import_id"]) == [(result["orders"],)]
    assert not list(background.data_dir.parent.rglob("*evil*"))
    assert not list((background.data_dir / "uploads").iterdir())


def test_file_of_a_killed_app_goes_at_its_next_start(tmp_path: Path, services: Receiver) -> None:
    with run_recipe_app(tmp_path, "01_background_tasks", services) as app:
        upload(app, ROW * 200_000)
        app.part.kill9()
        left = app.uploads()
        app.part.restart()
        wait_until("no upload is left", lambda: not app.uploads())

    assert len(left) == 1  # it was being read


def test_job_finds_the_row_that_the_route_has_committed(background: RecipeApp) -> None:
    job = background.job(upload(background, ROW))

    assert job["status"] == "succeeded"
    sql = "SELECT orders FROM imports WHERE import_id = ?"
    assert background.query("recipes.sqlite", sql, job["result"]["import_id"]) == [(1,)]


def test_bad_row_is_named_and_nothing_of_the_file_is_stored(background: RecipeApp) -> None:
    before = background.query("recipes.sqlite", "SELECT COUNT(*) FROM imported")

    job = background.job(upload(background, ROW + ROW.replace(b"lamp,2", b"lamp,none")))

    assert job["status"] == "failed"
    assert job["error"].startswith("row 3, column 'quantity': 'none' is not")
    assert background.query("recipes.sqlite", "SELECT COUNT(*) FROM imported") == before
    assert not list((background.data_dir / "uploads").iterdir())


def test_file_that_is_no_csv_is_refused_by_name(background: RecipeApp) -> None:
    refused = background.http.post("/upload-csv", files={"file": ("a.csv", b"a,b\n1,2\n")})

    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "file"]


def test_heavy_import_happens_once_and_off_the_event_loop(background: RecipeApp) -> None:
    draft = {"title": "Autumn", "regions": {"north": "1000.50", "south": 2.25}}

    first, second = (
        background.job(background.http.post("/reports/drafts", json=draft)) for _ in range(2)
    )

    assert first["status"] == second["status"] == "succeeded"
    assert first["result"]["import_s"] > second["result"]["import_s"]
    assert first["ran_in"]["thread"] != "MainThread"
    report_id = first["result"]["report_id"]
    pdf = background.http.get(f"/reports/drafts/{report_id}")
    assert "1,002.75" in PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    name = f'attachment; filename="draft-{report_id}.pdf"'
    assert pdf.headers["content-disposition"] == name


@pytest.mark.parametrize("path", ["/reports/drafts/{}", "/jobs/{}"])
def test_unknown_id_is_refused(background: RecipeApp, path: str) -> None:
    unknown = str(uuid4())

    refused = background.http.get(path.format(unknown))

    assert refused.status_code == 404
    assert unknown in refused.json()["detail"]
