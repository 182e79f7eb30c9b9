"""A Celery worker takes JSON only: a pickled message is thrown away unread."""

import pickle
from pathlib import Path

import kombu
import pytest

from tests.support.running import Running
from tests.support.waiting import wait_until

REFUSED = "Refusing to deserialize disabled content of type pickle"


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("running", ["03_celery"], indirect=True)
def test_pickled_message_is_refused_and_does_nothing(running: Running, tmp_path: Path) -> None:
    trap = tmp_path / "unpickled"
    body = pickle.dumps(([], {"to": Payload(trap)}, {}))
    headers = {"task": "03_celery.tasks.email", "id": "pickled", "lang": "py"}

    with kombu.Connection(running.stack.redis_url) as connection:
        sender = connection.Producer()
        sender.publish(
            body,
            routing_key="default",
            headers=headers,
            content_type="application/x-python-serialize",
            content_encoding="binary",
        )
    log = running.stack.parts["worker"].log_text
    wait_until("the worker has refused it", lambda: "pickle" in log())

    running.send_another_email()
    assert "ContentDisallowed" in log() or REFUSED in log()
    assert not trap.exists()
    pickle.loads(body)
    assert trap.exists()  # so the message would have done its harm
