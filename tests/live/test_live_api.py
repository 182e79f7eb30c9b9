"""The live page answers its own page only, and says what is wrong with a request."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from lab.errors import LabError
from lab.live.api import make_app
from lab.live.controller import Live

HOST = "http://127.0.0.1"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(tmp_path_factory.mktemp("live"))
    yield live
    live.close()


@pytest.fixture
def client(live: Live) -> TestClient:
    client = TestClient(make_app(live), base_url=HOST)
    found = re.search('name="token" content="([^"]+)"', client.get("/").text)
    assert found
    client.headers["X-Token"] = found[1]
    return client


def test_page_runs_its_own_scripts_only(client: TestClient) -> None:
    answer = client.get("/")

    assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r'(src|href)="(https?:)?//', answer.text)
    for path in re.findall(r'(?:src|href)="(/assets/[^"]+)"', answer.text):
        assert client.get(path).status_code == 200


def test_page_says_what_it_needs_where_scripts_are_off(client: TestClient) -> None:
    assert "It needs JavaScript" in client.get("/").text.partition("<noscript>")[2]


def test_other_host_name_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "example.com"}).status_code == 400


@pytest.mark.parametrize("token", [None, "", "wrong", "ä".encode("latin-1")])
def test_post_without_the_token_of_the_page_is_refused(
    client: TestClient, live: Live, token: str | bytes | None
) -> None:
    del client.headers["X-Token"]
    headers = {} if token is None else {"X-Token": token}

    answer = client.post("/api/runs", json={"preset": "work"}, headers=headers)  # type: ignore[arg-type]  # bytes are sent as they are

    assert answer.status_code == 403
    assert live.playing is None


def test_post_of_another_site_is_refused(client: TestClient, live: Live) -> None:
    headers = {"Origin": "http://evil.example"}

    answer = client.post("/api/runs", json={"preset": "work"}, headers=headers)

    assert answer.status_code == 403
    assert live.playing is None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("runs", {}),
        ("runs", {"preset": "unknown"}),
        ("runs", {"preset": "work", "jobs": 0}),
        ("runs", {"preset": "work", "jobs": 501}),
        ("runs", {"preset": "work", "kind": "song"}),
        ("runs", {"preset": "kill9_api", "kind": "image"}),
        ("runs", {"preset": "work", "lanes": ["unknown"]}),
        ("runs", {"preset": "work", "variant": "unknown"}),
        ("runs", {"preset": "work", "length_s": -1}),
        ("runs", {"preset": "work", "surplus": 1}),
        ("go", {"guesses": {"a": -1}}),
        ("go", {"hands": {"a": {"8": "many"}}}),
        ("faults", {}),
        ("faults", {"fault": "unknown"}),
        ("jobs", {"count": 0}),
    ],
)
def test_bad_body_is_a_422_with_a_sentence(
    client: TestClient, live: Live, path: str, body: dict[str, object]
) -> None:
    answer = client.post(f"/api/{path}", json=body)

    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert live.playing is None


@pytest.mark.parametrize("path", ["go", "count"])
def test_what_needs_a_run_is_a_409_without_one(client: TestClient, path: str) -> None:
    answer = client.post(f"/api/{path}", json={})

    assert answer.status_code == 409
    assert answer.json()["detail"] == "no run is going on: start one first"


@pytest.mark.parametrize(
    "path", ["/api/runs/1/recording", "/api/results/0/1", "/assets/%2e%2e/api.py"]
)
def test_what_is_not_there_is_a_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_reset_without_a_run_changes_nothing(client: TestClient) -> None:
    before = client.get("/api/state").json()

    assert client.post("/api/reset", json={}).status_code == 202
    assert client.get("/api/state").json() == before


def test_presets_come_with_their_lanes(client: TestClient) -> None:
    presets = client.get("/api/state").json()["presets"]

    assert [preset["number"] for preset in presets] == list(range(1, 13))
    assert all(preset["lanes"] for preset in presets)


def test_page_with_one_lane_has_the_presets_of_that_lane(tmp_path: Path) -> None:
    live = Live(tmp_path, only=["01_background_tasks"])
    try:
        presets = live.list_presets()
    finally:
        live.close()

    assert {lane["name"] for preset in presets for lane in preset["lanes"]} == {
        "01_background_tasks"
    }
    assert "kill9_worker" not in [preset["name"] for preset in presets]


def test_unknown_lane_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="unknown lane '03': it is one of 01_background_tasks"):
        Live(tmp_path, only=["03"])


def test_preset_that_a_page_does_not_have_is_refused(tmp_path: Path) -> None:
    live = Live(tmp_path, presets=["work"])
    try:
        with pytest.raises(LabError, match="this page has no preset 'broker_down': work"):
            live.start("broker_down")
    finally:
        live.close()

    assert live.playing is None
