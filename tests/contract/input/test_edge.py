"""What stands between client and job: proxies, caches, downloads, half characters, a full disk."""

import json
import time
from collections.abc import Iterator

import pytest

from lab.load.samples import encode, make_orders, make_photo
from scenarios.contract import Status
from scenarios.recipes.progress import LONGEST_S
from tests.support.client import Api, accepted_id, new_address
from tests.support.running import Running

PREFIX = "/api"
JSON = {"Content-Type": "application/json"}
HALF = r'"s\ud800"'


@pytest.fixture(scope="session")
def behind_proxy(running: Running) -> Iterator[Api]:
    """Start a second API as one behind a proxy that takes a prefix off each path."""
    env = {"DATA_DIR": str(running.data_dir)}
    with running.another("behind-proxy", env, ("--root-path", PREFIX)) as behind:
        yield behind.api


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"} | {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil",
}


def test_addresses_in_answers_begin_with_the_prefix_of_the_proxy(behind_proxy: Api) -> None:
    email = {"to": new_address(), "subject": "Your order", "body": ""}

    answer = behind_proxy.http.post("/emails", json=email, headers=FORWARDED)
    task = behind_proxy.http.get(f"/tasks/{accepted_id(answer)}")

    assert answer.headers["location"] == f"{PREFIX}/tasks/{accepted_id(answer)}"
    assert answer.json()["status_url"] == answer.headers["location"]
    assert task.status_code == 200
    assert behind_proxy.http.get("/openapi.json").json()["servers"] == [{"url": PREFIX}]


def test_addresses_in_answers_of_recipes_begin_with_it_too(behind_proxy: Api) -> None:
    note = behind_proxy.http.post("/notes", json={"text": "Call Ann"}).json()
    address = note.get("jobs_url") or note["status_url"]

    assert address.startswith(f"{PREFIX}/")
    assert behind_proxy.http.get(address.removeprefix(PREFIX)).status_code == 200


def test_addresses_follow_no_header_of_a_client(running: Running) -> None:
    email = {"to": new_address(), "subject": "Your order", "body": ""}

    answer = running.api.http.post("/emails", json=email, headers=FORWARDED)

    assert answer.headers["location"] == f"/tasks/{accepted_id(answer)}"


def test_results_download_under_a_name_with_the_right_ending(running: Running) -> None:
    made = {
        ".pdf": accepted_id(running.api.post_report(make_orders(5).csv)),
        ".png": accepted_id(running.api.post_image(encode(make_photo((64, 48)), "PNG"))),
        ".jpg": accepted_id(running.api.post_image(encode(make_photo((64, 48)), "JPEG"))),
        ".webp": accepted_id(running.api.post_image(encode(make_photo((64, 48)), "WEBP"))),
    }

    for suffix, task_id in made.items():
        running.api.wait_until_final(task_id)
        answer = running.api.read_result(task_id)
        kind = "report" if suffix == ".pdf" else "image"
        expected = f'attachment; filename="{kind}-{task_id}{suffix}"'
        assert answer.headers["content-disposition"] == expected
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_result_is_sent_in_ranges_and_not_again_to_whoever_has_it(running: Running) -> None:
    task_id = accepted_id(running.api.post_report(make_orders(5).csv))
    running.api.wait_until_final(task_id)
    url = f"/tasks/{task_id}/result"

    whole = running.api.http.get(url)
    part = running.api.http.get(url, headers={"Range": "bytes=0-3"})
    again = running.api.http.get(url, headers={"If-None-Match": whole.headers["etag"]})
    other = running.api.http.get(url, headers={"If-None-Match": '"other"'})
    lists = [f"W/{whole.headers['etag']}", f'"a", W/{whole.headers["etag"]}', "*"]

    assert (part.status_code, part.content) == (206, b"%PDF")
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == whole.headers["etag"]
    assert (other.status_code, other.content) == (200, whole.content)
    for known in lists:  # a proxy that packs answers makes each ETag a weak one
        assert running.api.http.get(url, headers={"If-None-Match": known}).status_code == 304
    assert whole.headers["cache-control"] == "private, no-cache"
    since = {"If-Modified-Since": whole.headers["last-modified"]}
    assert running.api.http.get(url, headers=since).status_code == 304
    # The ETag says it more exactly, so the date beside it does not count.
    assert running.api.http.get(url, headers=since | {"If-None-Match": '"x"'}).status_code == 200
    head = running.api.http.head(url, headers={"Range": "bytes=0-3"})  # ranges are for GET alone
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))
    for unknown in ("items=0-1", "bytes=5-2", "bytes=a-b", "bytes=", "0-3"):
        ignored = running.api.http.get(url, headers={"Range": unknown})
        assert (ignored.status_code, ignored.content) == (200, whole.content), unknown


def test_slash_too_many_leads_to_the_same_server_whatever_the_host(
    running: Running, behind_proxy: Api
) -> None:
    headers = {"Host": "other.example"}

    for api, prefix in ((running.api, ""), (behind_proxy, PREFIX)):
        answer = api.http.post("/emails/?a=b", json={}, headers=headers)
        assert answer.status_code == 307
        assert answer.headers["location"] == f"{prefix}/emails?a=b"


def test_state_is_kept_by_no_cache(running: Running) -> None:
    task_id = accepted_id(running.api.post_email())

    for path in (f"/tasks/{task_id}", "/metrics/queue", "/tasks/unknown", "/healthz"):
        assert running.api.http.get(path).headers["cache-control"] == "no-store"


def test_head_answers_as_get_does_and_sends_nothing(running: Running) -> None:
    task_id = accepted_id(running.api.post_report(make_orders(5).csv))
    running.api.wait_until_final(task_id)

    for path in (f"/tasks/{task_id}", f"/tasks/{task_id}/result", "/metrics/queue", "/healthz"):
        head, get = running.api.http.head(path), running.api.http.get(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "content-length", "etag"):
            assert head.headers.get(name) == get.headers.get(name) or path == "/metrics/queue"
    assert running.api.http.head("/tasks/unknown").status_code == 404
    assert running.api.http.head("/emails").status_code == 405


def test_wrong_method_is_told_all_that_are_right(running: Running) -> None:
    paths = running.api.http.get("/openapi.json").json()["paths"]
    by_path = {path: {name.upper() for name in methods} for path, methods in paths.items()}

    for path, methods in by_path.items():
        answer = running.api.http.patch(path.replace("{", "").replace("}", ""))

        assert answer.status_code == 405, path
        right = methods | ({"HEAD"} if "GET" in methods else set())
        told = set(answer.headers["allow"].split(", "))
        # `/users/{user_id}` may be asked for by other methods than `/users/register` alone.
        assert told == right or (told > right and path.count("/") > 1), path


def test_head_of_a_stream_does_not_keep_the_connection(running: Running) -> None:
    to = new_address()
    with running.inbox.holding():
        task_id = accepted_id(running.api.post_email(to))
        began = time.monotonic()

        head = running.api.http.head(f"/tasks/{task_id}/events")
        running.api.http.get("/healthz").raise_for_status()

        assert time.monotonic() - began < LONGEST_S
    assert head.headers["content-type"].startswith("text/event-stream")
    assert running.api.wait_until_final(task_id).status is Status.SUCCEEDED


def test_half_a_character_is_refused(running: Running) -> None:
    before = running.count_accepted()

    for field in ("to", "subject", "body"):
        fields = {"to": '"ann@example.com"', "subject": '"s"', "body": '"b"'} | {field: HALF}
        text = "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"
        answer = running.api.http.post("/emails", content=text, headers=JSON)
        assert answer.status_code == 422, answer.text
        assert answer.json()["detail"][0]["loc"] == ["body", field]

    assert running.count_accepted() == before


def find_json_routes(api: Api) -> dict[str, list[str]]:
    """Return the routes, those of recipes too, that take JSON, with the names of their fields."""
    document = api.http.get("/openapi.json").json()
    found = {}
    for path, methods in document["paths"].items():
        body = methods.get("post", {}).get("requestBody", {}).get("content", {})
        if "application/json" in body:
            model = body["application/json"]["schema"].get("$ref", "").rpartition("/")[2]
            schema = document["components"]["schemas"].get(model, {})
            found[path.replace("{", "").replace("}", "")] = list(schema.get("properties", {}))
    return found


def test_body_full_of_errors_gets_a_short_answer(running: Running) -> None:
    names = [f"k{number}" for number in range(20_000)]
    wrong: dict[str, object] = {name: [] for name in names}  # each one an error of its own
    long: dict[str, object] = {"x" * 100_000: []}

    for path, fields in find_json_routes(running.api).items():
        values: list[object] = [wrong, names, long]
        bodies = [wrong, long, *({field: value} for field in fields for value in values)]
        for body in bodies:
            answer = running.api.http.post(path, json=body, headers={"Idempotency-Key": "k"})
            assert answer.status_code == 422, path
            assert len(answer.content) < 10_000, (path, list(body)[:1])


def test_half_a_character_anywhere_is_refused_by_every_route(running: Running) -> None:
    bodies = [HALF, f"[{HALF}]", f"{{{HALF}: 1}}", f'{{"a": {{{HALF}: {HALF}}}}}']
    paths = find_json_routes(running.api)
    assert "/emails" in paths

    for path in paths:
        for body in bodies:
            headers = JSON | {"Idempotency-Key": "k"}
            answer = running.api.http.post(path, content=body, headers=headers)
            assert answer.status_code == 422, f"{path} {body}: {answer.text}"
            assert json.loads(answer.content)


def test_form_in_a_strange_character_set_is_refused_or_taken_but_no_error(running: Running) -> None:
    body = (
        b'--cut\r\nContent-Disposition: form-data; name="title"\r\n\r\n\\ud800\r\n'
        b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n%b\r\n'
        b"--cut--\r\n"
    ) % make_orders(1).csv
    kind = "multipart/form-data; boundary=cut; charset=unicode_escape"

    answer = running.api.http.post("/reports", content=body, headers={"Content-Type": kind})

    assert answer.status_code == 422, answer.text


def test_disk_that_takes_no_upload_is_a_503_and_leaves_nothing(running: Running) -> None:
    uploads = running.data_dir / "uploads"
    aside = uploads.rename(uploads.with_name("aside"))
    uploads.touch()  # a file: nothing can be stored below it
    try:
        answer = running.api.post_report(make_orders(1).csv)
        email = running.api.post_email()
    finally:
        uploads.unlink()
        aside.rename(uploads)

    assert answer.status_code == 503
    assert answer.json() == {"detail": "the server cannot store the job"}
    assert answer.headers["retry-after"]
    assert str(running.data_dir) not in answer.text
    accepted_id(email)
