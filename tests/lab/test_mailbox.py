"""The mail server of the lab: what it keeps, and its switches."""

import asyncio
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlsplit

import aiosmtplib
import httpx
import pytest
from aiosmtpd.smtp import Envelope

from lab.mailbox.inbox import Inbox
from lab.processes.stack import Stack
from tests.support.programs import run_program
from tests.support.waiting import wait_until

SEND = """
import smtplib, sys
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as smtp:
    smtp.sendmail("shop@example.org", [sys.argv[2]], "Hello")
"""


@dataclass
class Mail:
    """Both sides of the mail server."""

    http: httpx.Client
    smtp_port: int

    def send(self, to: str, **headers: str) -> None:
        """Send a short message."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as smtp:
            smtp.send_message(message_to(to, **headers))

    def count(self, to: str) -> int:
        """Count what has arrived for `to`."""
        answer: dict[str, int] = self.http.get("/count", params={"to": to}).json()
        return answer["count"]

    def open_sessions(self) -> int:
        """Count the clients that are connected."""
        answer: dict[str, int] = self.http.get("/count").json()
        return answer["open_sessions"]

    def switch(self, **behaviour: float | str) -> None:
        """Change the behaviour."""
        self.http.put("/behaviour", json=behaviour).raise_for_status()


def message_to(to: str, **headers: str) -> EmailMessage:
    """Make a message; a header's `_` stands for `-`."""
    message = EmailMessage()
    message["To"] = to
    message["From"] = headers.pop("sender", "shop@example.org")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("<script>alert(1)</script>")
    return message


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mail]:
    with Stack(tmp_path_factory.mktemp("lab")) as stack:
        url = stack.start_mailbox().url
        with httpx.Client(base_url=url) as http:
            yield Mail(http, urlsplit(stack.smtp_url).port or 0)


def test_message_is_found_by_its_task_id(mail: Mail) -> None:
    headers = {"Subject": "Grüße", "X_Task_ID": "task-1", "Message_ID": "<1@example.org>"}

    mail.send("ann@example.org", sender="Änne <shop@example.org>", **headers)

    [found] = mail.http.get("/messages", params={"task_id": "task-1"}).json()
    assert found["to"] == "ann@example.org"
    assert found["from"] == "Änne <shop@example.org>"
    assert found["subject"] == "Grüße"
    assert found["message_id"] == "<1@example.org>"
    assert "body" not in found


def test_address_outside_ascii_is_taken(mail: Mail) -> None:
    mail.send("jürgen@example.org")

    assert mail.count("jürgen@example.org") == 1


def test_two_temporary_refusals_then_accepted(mail: Mail) -> None:
    mail.switch(fail_next=2, fail_code=451, fail_only="twice@")

    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            mail.send("twice@example.org")
        assert refused.value.recipients["twice@example.org"][0] == 451
    mail.send("twice@example.org")

    assert mail.count("twice@example.org") == 1


def test_refusals_spare_other_recipients_and_other_switches(mail: Mail) -> None:
    mail.switch(fail_share=1, fail_code=550, fail_only="never@")
    mail.switch(fail_next=1, fail_only="someone-else@")

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        mail.send("never@example.org")
    mail.send("other@example.org")

    assert refused.value.recipients["never@example.org"][0] == 550
    assert mail.count("never@example.org") == 0
    assert mail.count("other@example.org") == 1


def test_idle_switch_removes_the_one_for_the_same_recipients(mail: Mail) -> None:
    mail.switch(fail_share=1, fail_only="again@")

    mail.switch(fail_only="again@")
    mail.send("again@example.org")

    assert mail.count("again@example.org") == 1


def test_client_killed_while_it_waits_delivers_nothing(mail: Mail) -> None:
    mail.switch(delay_s=60, delay_only="killed@")
    words = [sys.executable, "-c", SEND, str(mail.smtp_port), "killed@example.org"]
    client = subprocess.Popen(words)
    wait_until("the client is connected", mail.open_sessions)

    client.kill()
    client.wait()
    wait_until("the server has let go of it", mail.open_sessions, lambda count: count == 0)
    mail.switch(delay_only="killed@")

    assert mail.count("killed@example.org") == 0


def test_three_hundred_clients_at_once_are_served(mail: Mail) -> None:
    async def send_all() -> None:
        port = mail.smtp_port
        message = message_to("crowd@example.org")
        async with asyncio.TaskGroup() as group:
            for _ in range(300):
                group.create_task(aiosmtplib.send(message, hostname="127.0.0.1", port=port))

    mail.switch(delay_s=0.5, delay_only="crowd@")
    asyncio.run(send_all())

    assert mail.count("crowd@example.org") == 300


def test_page_escapes_what_a_message_contains(mail: Mail) -> None:
    mail.send("page@example.org", Subject="<img src=x onerror=alert(1)>")

    answer = mail.http.get("/")

    assert "&lt;img src=x" in answer.text
    assert "<img" not in answer.text
    assert "<script>alert" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("mode", "code"), [("later", 451), ("refuse", 550), ("normal", 250)])
def test_button_of_the_page_changes_how_everybody_is_answered(
    mail: Mail, mode: str, code: int
) -> None:
    pressed = mail.http.post("/switch", data={"mail": mode}, follow_redirects=True)

    assert f'value="{mode}" aria-pressed="true"' in pressed.text
    assert pressed.text.count('aria-pressed="true">') == 1
    with smtplib.SMTP("127.0.0.1", mail.smtp_port) as smtp:
        smtp.helo()
        smtp.mail("shop@example.com")
        answer = smtp.rcpt("anybody@example.com")
    mail.http.delete("/behaviour")
    assert answer[0] == code


def test_slow_button_holds_a_client_until_it_is_turned_off(mail: Mail) -> None:
    said = mail.http.post("/switch", data={"mail": "slow"}).text
    with subprocess.Popen([sys.executable, "-c", SEND, str(mail.smtp_port), "s@example.com"]) as by:
        wait_until("it is connected", lambda: mail.open_sessions() == 1)
        assert mail.count("s@example.com") == 0
        mail.http.post("/switch", data={"mail": "normal"})

        assert by.wait(5) == 0

    assert said == "Now it answers after 8 s."
    assert mail.count("s@example.com") == 1


def test_page_says_so_if_a_program_has_chosen_another_behaviour(mail: Mail) -> None:
    mail.switch(delay_s=1.5)

    page = mail.http.get("/").text
    mail.http.post("/switch", data={"mail": "normal"})

    assert 'aria-pressed="true">' not in page
    assert "PUT /behaviour" in page
    assert mail.http.get("/behaviour").json() == []


def test_unknown_button_or_switch_is_refused(mail: Mail) -> None:
    wrong = [{"delay_s": -1}, {"fail_code": 200}, {"fail_shape": 1}]
    answers = [mail.http.put("/behaviour", json=each) for each in wrong]
    answers += [mail.http.post("/switch", data=each) for each in ({}, {"mail": "broken"})]

    assert [answer.status_code for answer in answers] == [422] * 5


def test_oldest_messages_make_room() -> None:
    inbox = Inbox(max_messages=3, max_kept_bytes=250)

    for size in (10, 10, 10, 100, 100, 100):
        envelope = Envelope()
        envelope.content = b"x" * size
        inbox.add(envelope)

    assert [message.number for message in inbox] == [5, 6]
    assert inbox.received == 6


def test_unreadable_message_is_kept() -> None:
    inbox = Inbox()
    envelope = Envelope()
    envelope.rcpt_tos = ["\udcff@example.org"]
    envelope.content = (
        b"From: \xff\xfe <\nSubject: =?utf-9?q?x?=\nContent-Type: a/b; charset=nope\n\n\xff"
    )

    inbox.add(envelope)

    assert [message.to for message in inbox] == ["?@example.org"]


def test_taken_port_is_named_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_program(["lab", "mailbox", "--smtp-port", port])

    assert done.returncode == 2
    assert done.stderr == f"lab: cannot listen on port {port}: Address already in use\n"


def test_taken_port_is_told_loudly_with_what_to_set() -> None:
    with ExitStack() as taken:
        with suppress(OSError):  # somebody may have it already
            taken.enter_context(socket.create_server(("127.0.0.1", 1025)))
        words = [sys.executable, "-m", "lab", "mailbox"]
        mailbox = taken.enter_context(
            subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        assert mailbox.stdout
        assert mailbox.stderr
        address = mailbox.stdout.readline().split()[1]
        mailbox.terminate()
        warning = mailbox.stderr.read()

    assert address != "smtp://127.0.0.1:1025"
    assert "WARNING: port 1025 is taken" in warning
    assert f"    SMTP_URL={address}\n" in warning
