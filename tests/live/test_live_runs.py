"""Each preset comes out of the live page as the ledger tells and as approaches.toml promises."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from lab.ledger import read_ledger
from lab.live.controller import ONLY_LIVE
from lab.live.presets.preset import find_preset, load_presets
from lab.live.recording import Event, Recording
from tests.support.waiting import wait_until

from .conftest import LONGEST_S, LiveLab, open_client, play, troubles, wait_for_recording

SMALL = 4
QUICK = {  # a few lanes of the presets that each run of the suite plays
    "work": ["01_background_tasks", "03_celery"],
    "kill9_api": ["01_background_tasks", "03_celery"],
    "broker_down": ["03_celery"],
}
JSONDict = dict[str, Any]  # Any: events carry different facts
RUNS = [
    pytest.param(preset.name, variant, id=variant or preset.name)
    for preset in load_presets().values()
    if preset.name != "play"
    for variant in preset.variants or [""]
]


@pytest.fixture(scope="module")
def client(lab: LiveLab) -> Iterator[httpx.Client]:
    with open_client(lab.url) as client:
        yield client


@pytest.mark.parametrize("preset", QUICK)
def test_preset_comes_out_as_promised(client: httpx.Client, lab: LiveLab, preset: str) -> None:
    recording = play(client, preset, jobs=SMALL, lanes=QUICK[preset])

    check(lab, recording, QUICK[preset])


@pytest.mark.slow
@pytest.mark.timeout(LONGEST_S + 60)
@pytest.mark.parametrize(("preset", "variant"), RUNS)
def test_every_lane_of_each_preset_comes_out_as_promised(
    client: httpx.Client, lab: LiveLab, preset: str, variant: str
) -> None:
    recording = play(client, preset, variant=variant)

    check(lab, recording, find_preset(preset).lanes)


def check(lab: LiveLab, recording: Recording, lanes: Sequence[str]) -> None:
    """Compare the table with what was promised, and with the ledger of each lane."""
    assert troubles(recording) == []
    rows = recording.results
    assert rows.keys() == set(lanes)
    assert {name: row["outcome"] for name, row in rows.items() if not row["as_promised"]} == {}
    for name, row in rows.items():
        told = count_ledger(lab, name, set(row["fates"]))
        assert row["accepted"] == len(row["fates"]), name
        assert told["finished"] <= row["done"] <= told["effect"], (name, told)


def count_ledger(lab: LiveLab, lane: str, tasks: set[str]) -> Counter[str]:
    """Count the tasks of which the files of a lane tell each event."""
    counted: Counter[str] = Counter()
    for folder in {path.parent for path in (lab.folder / lane).rglob("ledger.jsonl")}:
        seen = {(each["event"], each["task_id"]) for each in read_ledger(folder)}
        counted += Counter(event for event, task_id in seen if task_id in tasks)
    return counted


@pytest.mark.parametrize(("kind", "begins"), [("report", b"%PDF"), ("image", b"\x89PNG")])
def test_what_a_job_has_made_can_be_fetched(client: httpx.Client, kind: str, begins: bytes) -> None:
    wishes = {"lanes": ["01_background_tasks"], "jobs": 1, "kind": kind, "length_s": 0}
    recording = play(client, "work", **wishes)
    [task_id] = recording.results["01_background_tasks"]["fates"]

    assert client.get(f"/api/results/0/{task_id}").content.startswith(begins)
    assert client.get("/api/results/0/another").status_code == 404


def test_second_run_at_the_same_time_is_refused(client: httpx.Client) -> None:
    body = {"preset": "kill9_api", "lanes": ["01_background_tasks"], "jobs": 1}
    number = client.post("/api/runs", json=body).raise_for_status().json()["number"]

    refused = client.post("/api/runs", json=body)

    assert refused.status_code == 409
    assert "a run is going on" in refused.json()["detail"]
    client.post("/api/reset", json={}).raise_for_status()
    assert find_last_phase(wait_for_recording(client, number)) == "given up"


def test_free_play_refuses_a_fault_of_a_process_that_the_lane_has_not(client: httpx.Client) -> None:
    lane = "01_background_tasks"
    body = {"preset": "play", "lanes": [lane], "length_s": 0}
    number = client.post("/api/runs", json=body).raise_for_status().json()["number"]
    post_when_playing(client, 2)

    refused = client.post("/api/faults", json={"fault": "kill9_worker", "lanes": [lane]})
    unknown = client.post("/api/faults", json={"fault": "kill9_api", "lanes": ["nowhere"]})
    client.post("/api/faults", json={"fault": "kill9_api"}).raise_for_status()
    client.post("/api/jobs", json={"count": 1}).raise_for_status()
    client.post("/api/count", json={}).raise_for_status()

    assert refused.status_code == 409
    assert "no worker process" in refused.json()["detail"]
    assert unknown.status_code == 422
    recording = wait_for_recording(client, number)
    assert troubles(recording) == []
    assert recording.results[lane]["accepted"] == 3
    assert "kill -9 " in recording.model_dump_json()


def test_run_after_a_reset_finds_broker_and_mail_server_as_usual(client: httpx.Client) -> None:
    lane = "03_celery"
    body = {"preset": "play", "lanes": [lane], "length_s": 0}
    number = client.post("/api/runs", json=body).raise_for_status().json()["number"]
    post_when_playing(client, 1)
    faults = ("leave_what_ends", "kill9_mail_server", "hold_mail", "freeze_broker")
    for fault in faults:  # mail cannot be held by a server that has ended: the run goes on
        client.post("/api/faults", json={"fault": fault}).raise_for_status()
    read_stream(client, "", until="kill -STOP")

    client.post("/api/reset", json={}).raise_for_status()

    assert find_last_phase(wait_for_recording(client, number)) == "given up"
    recording = play(client, "work", lanes=[lane], jobs=2, length_s=0)
    assert troubles(recording) == []
    assert recording.results[lane]["done"] == 2


def post_when_playing(client: httpx.Client, count: int) -> None:
    """Post jobs as soon as the lanes have started."""
    answer = wait_until(
        "the lanes have started",
        lambda: client.post("/api/jobs", json={"count": count}),
        lambda answer: "still starting" not in answer.text,
        timeout_s=60,
    )
    answer.raise_for_status()


def test_events_go_on_after_the_last_that_was_received(client: httpx.Client) -> None:
    recording = play(client, "work", lanes=["01_background_tasks"], jobs=2, length_s=0)

    first = read_stream(client, "")
    number, count = first[-1]["id"].split("-")
    again = read_stream(client, f"{number}-{int(count) - 3}")

    told = [event for message in first for event in message["events"]]
    kept = [Event.model_validate(event) for event in told if event["type"] not in ONLY_LIVE]
    assert sorted(map(write, kept)) == sorted(map(write, recording.events))
    assert again[0]["events"] == told[-3:]


def write(event: Event) -> str:
    return json.dumps(event.model_dump(exclude_none=True), sort_keys=True)


def find_last_phase(recording: Recording) -> str:
    return str(recording.events[-1].model_dump()["phase"])


def read_stream(
    client: httpx.Client, last_event_id: str, until: str = '"phase": "done"'
) -> list[JSONDict]:
    """Read the messages of a run, until one of them says this."""
    messages: list[JSONDict] = []
    with client.stream("GET", "/api/events", headers={"Last-Event-ID": last_event_id}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        message: JSONDict = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "data":
                message["events"] = json.loads(value)
            elif name == "id":
                message["id"] = value
            elif not line and "events" in message:
                messages.append(message)
                if until in json.dumps(message):
                    break
                message = {}
    return messages
