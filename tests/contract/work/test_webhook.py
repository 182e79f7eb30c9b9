"""A receiver that asks for time gets it, where the approach tries again at all."""

from lab.load.samples import encode, make_photo
from scenarios.contract import Status
from tests.support.client import accepted_id
from tests.support.running import WEBHOOKS, Running

PHOTO = encode(make_photo((64, 48)), "PNG")
WAIT_S = 2


def test_webhook_that_asks_to_wait_is_sent_again_after_that(running: Running) -> None:
    # Without it the pause of a first retry is 0.1 s.
    running.webhooks.fail(WEBHOOKS, 429, 1, Retry_After=str(WAIT_S))

    task = running.api.wait_until_final(accepted_id(running.api.post_image(PHOTO)))

    sent = running.webhooks.about(task.task_id)
    if running.promises["retries_transient_errors"]:
        assert (task.status, task.attempts, len(sent)) == (Status.SUCCEEDED, 2, 2), task.error
        assert sent[1].at - sent[0].at >= WAIT_S
    else:
        assert (task.status, task.attempts, len(sent)) == (Status.FAILED, 1, 1)
        assert "429" in str(task.error)
