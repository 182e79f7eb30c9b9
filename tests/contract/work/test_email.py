"""An e-mail goes through a real mail server, once, as it was written."""

from email.utils import parsedate_to_datetime

from scenarios.contract import Status
from tests.support.client import accepted_id, new_address
from tests.support.running import Running


def test_email_arrives_once_with_its_task_id(running: Running) -> None:
    to = new_address()

    task_id = accepted_id(running.api.post_email(to))
    task = running.api.wait_until_final(task_id)
    running.send_another_email()

    assert task.status is Status.SUCCEEDED
    assert running.inbox.task_ids_sent_to(to) == [task_id]


def test_text_beyond_ascii_arrives_intact(running: Running) -> None:
    to = new_address()
    subject = "Grüße aus Zürich, 東京 und 🚲"
    body = "Straße\n.a line that begins with a dot\n\n日本語 🚲\n" + "long " * 400 + "\n"

    running.api.wait_until_final(accepted_id(running.api.post_email(to, subject, body)))

    (mail,) = running.inbox.sent_to(to)
    assert (mail.subject, mail.body.replace("\r\n", "\n")) == (subject, body)


def test_email_carries_the_headers_that_mail_servers_expect(running: Running) -> None:
    to = new_address()

    task = running.api.wait_until_final(accepted_id(running.api.post_email(to)))

    (mail,) = running.inbox.sent_to(to)
    assert (mail.sender, mail.to) == ("Änne's Shop <shop@example.com>", to)
    assert parsedate_to_datetime(mail.date).tzinfo is not None
    assert task.result == {"to": to, "message_id": mail.message_id}


def test_a_hundred_emails_arrive_once_each(running: Running) -> None:
    addresses = [new_address() for _ in range(100)]

    task_ids = [accepted_id(running.api.post_email(to)) for to in addresses]
    ended = [running.api.wait_until_final(task_id) for task_id in task_ids]

    assert {task.status for task in ended} == {Status.SUCCEEDED}
    received = [running.inbox.task_ids_sent_to(to) for to in addresses]
    assert received == [[task_id] for task_id in task_ids]


def test_longest_allowed_email_is_delivered(running: Running) -> None:
    to = new_address()

    answer = running.api.post_email(to, "x" * 200, "y" * 70 + "\n" + "z" * 99_929)
    task = running.api.wait_until_final(accepted_id(answer))

    assert task.status is Status.SUCCEEDED, task.error
    assert len(running.inbox.sent_to(to)) == 1
