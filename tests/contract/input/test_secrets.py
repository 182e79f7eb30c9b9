"""Secrets come from the environment and stay there; nothing listens beyond this machine."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest
import redis

from lab.load.samples import encode, make_photo
from lab.processes.part import Part
from lab.processes.stack import Stack
from tests.support.client import Api, accepted_id
from tests.support.receiver import Receiver
from tests.support.running import APPROACHES, ENV, WEBHOOKS
from tests.support.waiting import wait_until

pytestmark = pytest.mark.long  # each approach is started once more, with secrets
CANARY = "canary-7f3a9c"
GONE = "gone-4b1e8d.invalid"  # a host that nobody has; a log may name it, an answer may not
HTTP = ("WEBHOOK_URL", "PUSH_URL", "BACKUP_URL", "SYNC_URL", "PAYMENT_URL")
Call = tuple[str, dict[str, object] | None]
PUSHED: dict[str, object] = {"user_id": "a", "message": "Hello", "channels": ["push"]}
PROBED: dict[str, object] = {"source": "news", "every_s": 60}
# What calls the services whose addresses are secret, by folder; after it the path to look at.
CALLS: dict[str, list[Call]] = {
    "01_background_tasks": [
        ("/notify", {"token": "a", "title": "Hello", "body": "It is on its way."}),
        ("/items", {"name": "a"}),  # writes the audit log, which is backed up
        ("/backups", None),
    ],
    "02_asyncio_create_task": [("/users/a/settings", {"dark": True}), ("/cache/news", None)],
    "03_celery": [("/notifications", PUSHED), ("/payments", {"account": "DE02", "cents": 5})],
    "04_custom_queue": [("/probes", PROBED)],
}
LOOPBACK = {"127.0.0.1", "::1"}
CELERY = "03_celery"
QUICK = {"MAX_ATTEMPTS": "2", "DRAIN_S": "0", "CALL_TIMEOUT_S": "2"}
FLOWER_LOGIN = f"you:{CANARY}"


@dataclass
class Guarded:
    """One approach whose every secret is the canary."""

    services: Stack
    stack: Stack
    app: Part
    api: Api
    folder: Path


def lock_services(stack: Stack) -> dict[str, str]:
    """Give Valkey a password and the mail server a login; return their addresses with them."""
    stack.start_mailbox()
    valkey = stack.start_valkey()
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("requirepass", CANARY)
    return {
        "REDIS_URL": f"redis://:{CANARY}@{valkey.url.rpartition('@')[2]}",
        "SMTP_URL": stack.smtp_url.replace("//", f"//shop:{CANARY}@"),
    }


def addresses(base: str) -> dict[str, str]:
    """Return the settings that hold the address of a service, each with the canary at its end."""
    url = f"{base}/{CANARY}?token={CANARY}"
    return dict.fromkeys(HTTP, url) | {"SOURCES": json.dumps({"news": url})}


@pytest.fixture(scope="module", params=APPROACHES)
def guarded(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    webhooks: Receiver,
) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp(f"secret-{request.param}")
    keys = dict.fromkeys(("WEBHOOK_SECRET", "PUSH_KEY"), CANARY)
    target = (webhooks.url + WEBHOOKS).replace("//", f"//{CANARY}:{CANARY}@")
    env = ENV | keys | addresses(target) | QUICK
    with Stack(folder / "services", grace_s=1) as services:
        env |= lock_services(services)
        with Stack(folder / "apps", env=env, grace_s=1) as stack:
            app = stack.start(request.param)
            if request.param == CELERY:
                stack.start_flower(FLOWER_LOGIN)
            api = Api(app.url)
            yield Guarded(services, stack, app, api, folder)
            api.close()


def use(guarded: Guarded) -> str:
    """Let jobs succeed and fail with the secrets in use; return all that the API says of them."""
    api = guarded.api
    picture = api.wait_until_final(accepted_id(api.post_image(encode(make_photo((64, 48)), "PNG"))))
    email = api.wait_until_final(accepted_id(api.post_email()))
    assert picture.status == "succeeded", picture.error
    assert email.status == "failed"  # the mail server of the lab knows no logins
    answers = [api.http.get(f"/tasks/{task.task_id}") for task in (picture, email)]
    return "\n".join(answer.text for answer in answers) + call_services(api, guarded.app.name)


def call_services(api: Api, name: str) -> str:
    """Ask for what calls other services, and wait for it; return all that the API says."""
    answers = []
    for path, content in CALLS[name.partition("+")[0]]:
        answers.append(api.http.post(path, json=content, headers={"Idempotency-Key": path}))
        assert answers[-1].is_success, answers[-1].text
        facts = answers[-1].json()
        if url := facts.get("jobs_url") or facts.get("status_url"):
            answers.append(wait_until(f"{path} was tried", partial(api.http.get, url), was_tried))
    seen = ("/metrics/queue", "/metrics", "/openapi.json", "/healthz", "/probes", "/dead-letters")
    answers += [api.http.get(path) for path in seen]
    return "\n".join(f"{answer.text} {answer.headers}" for answer in answers)


def was_tried(answer: httpx.Response) -> bool:
    """Tell whether the jobs have ended; of a probe, which goes on, whether it has run."""
    jobs = answer.json() if isinstance(answer.json(), list) else [answer.json()]
    ended = all(job["status"] not in ("queued", "running") for job in jobs)
    return ended or any(job.get("kind") == "probe" and job["attempts"] for job in jobs)


def find_canary(folder: Path) -> list[str]:
    """Return the files that hold the canary: logs, ledger, results, databases, the broker's."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".log" for path in files)
    assert any(path.name == "ledger.jsonl" for path in files)
    return [str(path) for path in files if CANARY.encode() in path.read_bytes()]


def test_secrets_are_in_no_log_no_answer_and_no_file(guarded: Guarded, webhooks: Receiver) -> None:
    said = use(guarded)

    assert CANARY not in said
    assert find_canary(guarded.folder) == []
    assert CANARY not in " ".join(" ".join(part.command) for part in guarded.stack.parts.values())
    assert any("webhook-signature" in webhook.headers for webhook in webhooks.received)


@pytest.mark.parametrize("name", APPROACHES)
def test_no_part_of_an_address_is_told_when_nobody_answers_there(name: str, tmp_path: Path) -> None:
    env = ENV | QUICK | addresses(f"http://{CANARY}:{CANARY}@{GONE}")
    env |= {"SMTP_URL": f"smtp://{CANARY}:{CANARY}@{GONE}"}
    with Stack(tmp_path, env=env, grace_s=1) as stack:
        api = Api(stack.start(name, without=("mailbox",)).url)
        said = call_services(api, name)
        picture = encode(make_photo((64, 48)), "PNG")
        for answer in (api.post_email(), api.post_image(picture)):
            task = api.wait_until_final(accepted_id(answer))
            assert task.status == "failed"
            assert task.error
            said += task.model_dump_json()
        if name == CELERY:
            said += ask_without_redis(stack)
        api.close()

    assert CANARY not in said
    assert GONE not in said
    assert find_canary(tmp_path) == []


def ask_without_redis(stack: Stack) -> str:
    """Start an API whose Redis and broker are nowhere; return all that it says."""
    nowhere = f"redis://{CANARY}:{CANARY}@{GONE}:6379"
    env = {"REDIS_URL": f"{nowhere}/0", "CELERY_BROKER_URL": f"{nowhere}/1"}
    api = Api(stack.start(CELERY, label="without", env=env, without=("worker", "mailbox")).url)
    answers = [api.post_email(), api.http.get("/tasks/a"), api.cancel("a")]
    answers += [api.http.get(path) for path in ("/metrics/queue", "/metrics", "/jobs/a")]
    answers += [api.http.post(path, json=content) for path, content in CALLS[CELERY][:1]]
    assert {answer.status_code for answer in answers} == {503}
    assert api.http.get("/healthz").status_code == 200
    api.close()
    return "\n".join(answer.text for answer in answers)


def list_listening(part: Part) -> set[str]:
    """Return the addresses at which a part and its children listen."""
    found = set()
    for pid in [part.pid, *part.children()]:
        for socket in psutil.Process(pid).net_connections("inet"):
            if socket.status == psutil.CONN_LISTEN:
                found.add(socket.laddr.ip)
    return found


def test_every_part_listens_on_this_machine_only(guarded: Guarded) -> None:
    parts = [*guarded.services.parts.values(), *guarded.stack.parts.values()]

    addresses = {part.name: list_listening(part) for part in parts}

    assert {"valkey", "mailbox", guarded.app.name} <= addresses.keys()
    assert addresses[guarded.app.name] == addresses["valkey"] == {"127.0.0.1"}
    assert all(found <= LOOPBACK for found in addresses.values()), addresses


def test_secrets_stay_out_of_the_logs_when_services_are_gone(guarded: Guarded) -> None:
    for name in ("mailbox", "valkey"):
        guarded.services.parts[name].kill9()

    answer = guarded.api.post_email()

    if guarded.app.name == CELERY:
        assert answer.status_code == 503
    else:
        assert guarded.api.wait_until_final(accepted_id(answer)).status == "failed"
    assert CANARY not in answer.text
    assert find_canary(guarded.folder) == []
