"""Secrets come from the environment and stay there; nothing listens beyond this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import redis

from lab.load.samples import encode, make_photo
from lab.processes.part import Part
from lab.processes.stack import Stack
from tests.support.client import Api, accepted_id
from tests.support.running import APPROACHES, ENV
from tests.support.webhooks import WebhookReceiver

pytestmark = pytest.mark.long  # each approach is started once more, with secrets
CANARY = "canary-7f3a9c"
LOOPBACK = {"127.0.0.1", "::1"}
CELERY = "03_celery"
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


@pytest.fixture(scope="module", params=APPROACHES)
def guarded(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    webhooks: WebhookReceiver,
) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp(f"secret-{request.param}")
    keys = dict.fromkeys(("WEBHOOK_SECRET", "PUSH_KEY"), CANARY)
    target = f"{webhooks.url.replace('//', f'//you:{CANARY}@')}?token={CANARY}"
    env = (
        ENV
        | keys
        | {"WEBHOOK_URL": target, "PUSH_URL": target, "MAX_ATTEMPTS": "2", "DRAIN_S": "0"}
    )
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
    answers += [api.http.get(path) for path in ("/metrics/queue", "/openapi.json", "/healthz")]
    return "\n".join(answer.text for answer in answers)


def find_canary(folder: Path) -> list[str]:
    """Return the files that hold the canary: logs, ledger, results, databases, the broker's."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".log" for path in files)
    assert any(path.name == "ledger.jsonl" for path in files)
    return [str(path) for path in files if CANARY.encode() in path.read_bytes()]


def test_secrets_are_in_no_log_no_answer_and_no_file(
    guarded: Guarded, webhooks: WebhookReceiver
) -> None:
    said = use(guarded)

    assert CANARY not in said
    assert find_canary(guarded.folder) == []
    assert CANARY not in " ".join(" ".join(part.command) for part in guarded.stack.parts.values())
    assert any("webhook-signature" in webhook.headers for webhook in webhooks.received)


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
