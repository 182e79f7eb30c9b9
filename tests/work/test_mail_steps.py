"""Whatever a mail server answers at a step, the task learns what was refused, and if for good."""

import asyncio
import gc
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from scenarios.contract import new_task_id
from scenarios.email import compose, deliver, send_email, stoppable
from scenarios.errors import TransientError, WorkError, explain
from scenarios.status import JobStopped
from tests.support.environment import environment
from tests.work.scripted_smtp import CERTIFICATE, HANG_UP, SILENCE, Scripted, scripted

TIMEOUT_S = 0.4
ENCRYPTS = {"EHLO": "250-scripted\n250-AUTH PLAIN\n250 STARTTLS"}
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "X-Task-ID", "MIME-Version"} | {
    "Content-Type",
    "Content-Transfer-Encoding",
}
PARTIES = {
    "GREETING": "the connection",
    "EHLO": "greeting (EHLO)",
    "STARTTLS": "encrypt the connection (STARTTLS)",
    "AUTH": "the login of SMTP_URL",
    "MAIL": "the sender 'shop@example.com'",
    "RCPT": "'ann@example.com'",
    "DATA": "the message",
    "END": "the message",
}


def send(
    script: Mapping[str, str],
    to: str = "ann@example.com",
    subject: str = "Your order",
    *,
    scheme: str = "smtp",
    trusted: bool = True,
) -> tuple[Scripted, Exception | None]:
    """Send one message; return what the server saw, and how it failed."""

    async def send_to_server() -> tuple[Scripted, Exception | None]:
        async with scripted(script, tls=scheme == "smtps") as server:
            url = f"{scheme}://shop:Hunter2@127.0.0.1:{server.port}"
            trust = {"SSL_CERT_FILE": str(CERTIFICATE)} if trusted else {}
            with environment(SMTP_URL=url, MAIL_FROM="Änne's Shop <shop@example.com>", **trust):
                try:
                    await deliver(compose("id-1", to, subject, "Thanks.\n"), TIMEOUT_S)
                except (WorkError, TransientError) as error:
                    return server, error
                return server, None

    return asyncio.run(send_to_server())


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "END"])
@pytest.mark.parametrize("answer", ["200 yes", "252-yes\n252 and yes", "259 yes"])
def test_every_yes_is_a_yes(step: str, answer: str) -> None:
    server, error = send({step: answer})

    assert error is None  # else the message would be sent again, and has arrived
    assert len(server.messages) == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", ["221 bye", "220 ready"])
def test_answer_to_something_else_is_no_yes(step: str, answer: str) -> None:
    server, error = send({step: answer})

    assert isinstance(error, TransientError)
    assert PARTIES[step] in explain(error)
    assert server.messages == []


def test_yes_before_the_message_is_none_to_the_message() -> None:
    server, error = send({"DATA": "250 what?"})  # 354 would ask for it

    assert isinstance(error, TransientError)
    assert server.messages == []


def refusals(step: str, code: int) -> dict[str, str]:
    refused = {step: f"{code} 5.7.1 no, not you"}
    # Whoever refuses EHLO is asked with HELO; a server of today refuses both.
    return refused | ({"HELO": refused[step]} if step == "EHLO" else {})


@pytest.mark.parametrize("step", PARTIES)
@pytest.mark.parametrize("code", [421, 451, 454, 500, 535, 550, 554])
def test_refusal_names_the_step_and_is_for_good_above_500(step: str, code: int) -> None:
    server, error = send({**ENCRYPTS, **refusals(step, code)})

    assert type(error) is (WorkError if code >= 500 else TransientError), error
    assert PARTIES[step] in explain(error)
    assert str(code) in explain(error)
    assert ("recipient" in explain(error)) is (step == "RCPT")
    assert not server.messages or step == "END"


@pytest.mark.parametrize("step", PARTIES)
@pytest.mark.parametrize("answer", [SILENCE, HANG_UP, "hello, this is no mail server", "99"])
def test_server_that_breaks_off_may_be_better_later(step: str, answer: str) -> None:
    _, error = send({**ENCRYPTS, step: answer})

    assert type(error) is TransientError, error
    assert PARTIES[step] in explain(error)
    assert "127.0.0.1" not in explain(error)


def test_password_is_not_repeated_from_the_answer_of_the_server() -> None:
    _, error = send({"AUTH": "535 no user shop with the password Hunter2"})

    assert "535" in explain(error or ValueError())
    assert "Hunter2" not in explain(error or ValueError())


def test_server_without_a_login_is_named_and_not_asked_again() -> None:
    _, error = send({"EHLO": "250 scripted"})

    assert isinstance(error, WorkError)
    assert "login" in explain(error)


def test_answer_in_no_encoding_is_readable() -> None:
    _, error = send({"RCPT": "550 nicht f\xfcr uns \x1b[31m"})

    assert isinstance(error, WorkError)
    assert explain(error).isprintable()
    explain(error).encode()


def test_message_is_taken_although_the_server_hangs_up_at_quit() -> None:
    for answer in (HANG_UP, "500 what?", SILENCE):
        server, error = send({"QUIT": answer})

        assert error is None
        assert len(server.messages) == 1


def test_task_that_is_not_ours_any_more_is_asked_last_and_sends_nothing(data_dir: Path) -> None:
    def report(percent: int) -> None:
        if percent:
            raise JobStopped("another process may have taken the task over")

    async def send_to_server() -> Scripted:
        async with scripted({}) as server:
            url = f"smtp://127.0.0.1:{server.port}"
            with environment(SMTP_URL=url), pytest.raises(JobStopped):
                await send_email(new_task_id(), "ann@example.com", "Hello", "Thanks.", report)
            return server

    server = asyncio.run(send_to_server())

    assert [command for command in server.commands if command][-1].startswith("RCPT")
    assert server.messages == []


def test_server_that_knows_no_ehlo_gets_the_message() -> None:
    server, error = send({"EHLO": "502 what?"})

    assert isinstance(error, WorkError)
    assert "login" in explain(error)  # which such a server cannot offer, and the settings ask for
    assert server.commands[1].startswith("HELO")


def test_smtps_is_encrypted_from_the_start() -> None:
    server, error = send({}, scheme="smtps")

    assert error is None
    assert server.commands[0].startswith("EHLO")
    assert "STARTTLS" not in server.commands
    assert len(server.messages) == 1


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_certificate_that_nobody_trusts_is_named_and_not_tried_again(scheme: str) -> None:
    server, error = send(ENCRYPTS, scheme=scheme, trusted=False)

    assert isinstance(error, WorkError)
    assert "certificate" in explain(error)
    assert not any(command.startswith("AUTH") for command in server.commands)


def test_domain_in_any_script_is_sent_as_dns_knows_it() -> None:
    server, error = send({}, "info@bücher.example.com")

    assert error is None
    assert "RCPT TO:<info@xn--bcher-kva.example.com>" in server.commands
    message = message_from_bytes(server.messages[0], policy=policy.default)
    assert message["To"] == "info@xn--bcher-kva.example.com"


def test_local_part_in_any_script_needs_a_server_that_takes_it() -> None:
    refused, error = send({}, "ännchen@example.com")
    taken, no_error = send({"EHLO": "250-hi\n250-AUTH PLAIN\n250 SMTPUTF8"}, "ännchen@example.com")

    assert isinstance(error, WorkError)
    assert "SMTPUTF8" in explain(error)
    assert not any(command.startswith("MAIL") for command in refused.commands)
    assert no_error is None
    assert "MAIL FROM:<shop@example.com> SMTPUTF8 BODY=8BITMIME" in taken.commands
    assert "RCPT TO:<ännchen@example.com>" in taken.commands
    assert "To: ännchen@example.com".encode() in taken.messages[0]


@pytest.mark.parametrize(
    "subject",
    [
        "заказ получена изменён Ваш спасибо",
        "=?utf-8?q?Invoice=0D=0AReply-To=3A_evil=40evil.example?=",
        "=?utf-8?q?=0D=0A=0D=0Aanother_body?=",
        "  two blanks  and three   ",
        "a" * 200,
        "word " * 39 + "end",
    ],
)
def test_subject_arrives_as_it_was_written(subject: str) -> None:
    server, _ = send({}, subject=subject)

    message = message_from_bytes(server.messages[0], policy=policy.compat32)
    assert set(message.keys()) == HEADERS
    assert len(message.keys()) == len(HEADERS)
    assert read_words(message["Subject"]) == subject
    assert max(map(len, server.messages[0].split(b"\r\n"))) <= 78


def read_words(header: str) -> str:
    return str(make_header(decode_header(header)))


def test_refusal_that_comes_together_with_a_cancel_is_no_error_of_the_loop() -> None:
    told: list[object] = []

    async def refuse() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:  # as `wait_for` of Python 3.11 does when the answer is there
            raise TransientError("the mail server refused the message: 451") from None

    async def cancel_while_it_waits() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, facts: told.append(facts))
        sending = asyncio.create_task(stoppable(refuse()))
        await asyncio.sleep(0.05)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        del sending
        gc.collect()

    asyncio.run(cancel_while_it_waits())

    assert told == []
