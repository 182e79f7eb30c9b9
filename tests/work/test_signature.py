"""A receiver believes a webhook that was signed with its secret, in time, and once."""

import pytest

from scenarios.services.signature import TOLERANCE_S, BadSignature, Receiver, sign

NOW = 1_800_000_000
CONTENT = b'{"task_id": "1", "width": 64}'


def headers(secret: str = "ours", sent_at: str = str(NOW), **changed: str) -> dict[str, str]:
    signature = sign(secret, "message-1", sent_at, CONTENT)
    found = {"id": "message-1", "timestamp": sent_at, "signature": signature} | changed
    return {f"webhook-{name}": value for name, value in found.items()}


def test_signed_webhook_is_new_once() -> None:
    receiver = Receiver("ours")

    answers = [receiver.is_new(headers(), CONTENT, NOW + late_s) for late_s in (0, 1, 299)]

    assert answers == [True, False, False]


def test_replay_after_the_tolerance_is_refused() -> None:
    receiver = Receiver("ours")
    assert receiver.is_new(headers(), CONTENT, NOW)

    for away_s in (TOLERANCE_S + 1, -TOLERANCE_S - 1, 86_400):
        with pytest.raises(BadSignature, match="from now"):
            receiver.is_new(headers(), CONTENT, NOW + away_s)


def test_webhook_from_the_future_is_remembered_until_it_is_too_old() -> None:
    receiver, ahead = Receiver("ours"), headers(sent_at=str(NOW + TOLERANCE_S))
    assert receiver.is_new(ahead, CONTENT, NOW)

    assert not receiver.is_new(ahead, CONTENT, NOW + 2 * TOLERANCE_S)
    with pytest.raises(BadSignature):
        receiver.is_new(ahead, CONTENT, NOW + 2 * TOLERANCE_S + 1)


@pytest.mark.parametrize(
    "forged",
    [
        headers("theirs"),
        headers(id="message-2"),
        headers(timestamp=str(NOW + 1)),
        headers(timestamp="soon"),
        headers(signature="v1,"),
        headers(signature="v1,\xe4"),
        {},
    ],
)
def test_changed_webhook_is_refused(forged: dict[str, str]) -> None:
    receiver = Receiver("ours")

    with pytest.raises(BadSignature, match="does not fit"):
        receiver.is_new(forged, CONTENT, NOW)


def test_changed_content_is_refused() -> None:
    receiver = Receiver("ours")

    with pytest.raises(BadSignature, match="does not fit"):
        receiver.is_new(headers(), CONTENT.replace(b"64", b"65"), NOW)
