"""A webhook is signed as the public library reads it, and its answers tell whether to try again."""

import base64
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
import standardwebhooks

from scenarios.errors import TransientError, WorkError, shortest_wait_s
from scenarios.services.service import LONGEST_WAIT_S, explained, read_wait
from scenarios.services.signature import Receiver as Checker
from scenarios.services.signature import read_keys
from scenarios.services.webhook import send_webhook
from scenarios.settings import get_settings
from tests.support.receiver import Receiver, receive

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"o" * 24).decode()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receive() as found:
        yield found


@pytest.fixture(autouse=True)
def _settings(
    data_dir: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    receiver.received.clear()
    monkeypatch.setenv("WEBHOOK_URL", f"{receiver.url}/webhooks")
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.parametrize("library_has", [SECRET, OLD_SECRET])
def test_public_library_believes_it_while_secrets_change(
    receiver: Receiver, library_has: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", f"{SECRET} {OLD_SECRET}")
    get_settings.cache_clear()

    send_webhook("task-1", {"name": "東京 🚲", "width": 64})

    (request,) = receiver.received
    library = standardwebhooks.Webhook(library_has)
    facts = library.verify(request.body, request.headers)
    assert facts == {"task_id": "task-1", "name": "東京 🚲", "width": 64}
    assert request.headers["content-type"] == "application/json"
    assert Checker(library_has).is_new(request.headers, request.body)


def test_receiver_believes_what_the_public_library_signs() -> None:
    sent_at, content = datetime.now(UTC), b'{"width": 64}'
    signature = standardwebhooks.Webhook(OLD_SECRET).sign("message-1", sent_at, content.decode())
    headers = {
        "webhook-id": "message-1",
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": f"v1a,other v1,{base64.b64encode(b'x').decode()} {signature}",
    }

    assert Checker(f"{SECRET} {OLD_SECRET}").is_new(headers, content)


def test_any_base64_key_is_read_as_the_library_reads_it() -> None:
    for size in range(1, 65):
        key = secrets.token_bytes(size)
        text = base64.b64encode(key).decode()

        assert read_keys(f"whsec_{text}") == read_keys(f"whsec_{text.rstrip('=')}") == [key]
        assert standardwebhooks.Webhook(f"whsec_{text.rstrip('=')}")._whsecret == key


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!", "whsec_a", "whsec_==", "whsec_äöü="])
def test_secret_that_is_none_is_named_and_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="base64") as error:
        read_keys(secret)

    assert secret not in str(error.value).replace("'whsec_'", "")


def test_other_secret_is_used_as_text() -> None:
    assert read_keys("not a secret") == [b"not a secret"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, TransientError) for code in (408, 425, 429, 500, 501, 502, 503, 504, 507, 599)),
        *((code, WorkError) for code in (300, 301, 302, 303, 304, 307, 308)),
        *((code, WorkError) for code in (400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 451)),
    ],
)
def test_answer_tells_whether_trying_again_helps(
    receiver: Receiver, code: int, kind: type[Exception]
) -> None:
    receiver.fail("/webhooks", code, 1, Location=f"{receiver.url}/elsewhere")

    with pytest.raises(kind, match=str(code)) as error:
        send_webhook("task-1", {})

    assert type(error.value) is kind
    assert len(receiver.received) == 1
    assert receiver.on("/elsewhere") == []
    assert receiver.url not in str(error.value)


@pytest.mark.parametrize("code", [429, 503])
def test_named_wait_is_the_shortest(receiver: Receiver, code: int) -> None:
    receiver.fail("/webhooks", code, 1, Retry_After="7")

    with pytest.raises(TransientError) as error:
        send_webhook("task-1", {})

    assert shortest_wait_s(error.value) == 7


@pytest.mark.parametrize("code", [201, 202, 204])
def test_other_success_is_one(receiver: Receiver, code: int) -> None:
    receiver.fail("/webhooks", code, 1)

    send_webhook("task-1", {})


def test_wait_is_read_in_both_spellings() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    before = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)

    assert 55 < read_wait(later) <= 60
    assert (read_wait("0"), read_wait("120"), read_wait(before)) == (0, 120, 0)
    assert read_wait("999999999") == LONGEST_WAIT_S
    for nonsense in ("", "soon", "-5", "1.5", "١", "Mon, 99 Foo", "9" * 5000, "nan", "inf"):
        assert read_wait(nonsense) == 0


def test_no_answer_may_be_better_later() -> None:
    for failure in (
        httpx.ConnectError("no"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("x"),
    ):
        with pytest.raises(TransientError, match="the bank did not answer"), explained("the bank"):
            raise failure
