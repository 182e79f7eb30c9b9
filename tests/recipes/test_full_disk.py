"""A full disk in the recipes that write to SQLite or to files of their own."""

import pytest

from lab.survival.faults.api_faults import no_room_for

from .recipe_app import RecipeApp

ORDERS = b"date,region,product,quantity,unit_price\n2026-11-02,North,Tea,1,4.50\n"
USER = {"username": "full-disk", "email": "full@example.com"}
ORDER = {"customer": "full@example.com", "product": "Tea", "quantity": 1}
CALLS = [
    ("background", "/users/register", {"json": USER}),
    ("background", "/items", {"json": {"name": "full-disk"}}),
    ("background", "/upload-csv", {"files": {"file": ("orders.csv", ORDERS)}}),
    ("tasks", "/users/full-disk/settings", {"json": {"theme": "dark"}}),
    ("celery_api", "/users/register", {"json": USER}),
    ("celery_api", "/orders", {"json": ORDER}),
]


@pytest.mark.parametrize(("name", "path", "body"), CALLS, ids=[f"{a}{b}" for a, b, _ in CALLS])
def test_full_disk_is_a_503_and_the_next_call_is_taken(
    request: pytest.FixtureRequest, name: str, path: str, body: dict[str, object]
) -> None:
    fixture = request.getfixturevalue(name)
    app: RecipeApp = fixture.app if hasattr(fixture, "app") else fixture

    with no_room_for(app.part.pid):
        refused = app.http.post(path, **body)  # type: ignore[arg-type]  # each has its own words
    taken = app.http.post(path, **body)  # type: ignore[arg-type]

    assert (refused.status_code, refused.headers.get("retry-after")) == (503, "5"), refused.text
    assert refused.json() == {"detail": "the server cannot store the job"}
    assert taken.is_success, taken.text
