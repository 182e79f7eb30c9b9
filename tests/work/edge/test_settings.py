"""A wrong setting ends the start with its name and what is right, and never with its value."""

import json
from pathlib import Path

import pytest

from scenarios.settings import get_settings
from scenarios.text.addresses import MailServer, read_mail_server
from tests.support.environment import environment
from tests.support.programs import run_program
from tests.support.running import FOLDERS

CANARY = "canary9d1"
HTTP = ["WEBHOOK_URL", "PUSH_URL", "BACKUP_URL", "SYNC_URL", "PAYMENT_URL"]
WRONG_HTTP = [
    f"{CANARY}.example.com/path",
    f"ftp://{CANARY}.example.com",
    f"https:///{CANARY}",
    f"https://you:{CANARY}/x@example.com/path",
    f"https://you:12/{CANARY}@example.com/path",  # a host called you, with a port
    f"https://you:{CANARY}#x@example.com",
    f"https://you:{CANARY}?x@example.com",
    f"https://example.com:{CANARY}/",
    "https://example.com:0/",
    "https://example.com:70000/",
    f"https://exam ple.com/{CANARY}",
    f"https://example.com/{CANARY}\n",
    f"https://[::1/{CANARY}",
    f"https://{CANARY}..example.com/",
    f"https://{CANARY}{'x' * 63}.example.com/",
    f"https://xn--a/{CANARY}",
]
WRONG_MAIL = [
    f"smtp://you:{CANARY}/x@host:587",
    f"smtp://you:{CANARY}#x@host",
    f"smtp://host:{CANARY}",
    f"smtp://host/{CANARY}",
    f"smtp://host?{CANARY}=1",
    f"https://{CANARY}",
    f"{CANARY}:25",
    "smtp://",
    f"smtp://{CANARY}..example.com",
]
WRONG_REDIS = [
    f"redis://:{CANARY}/x@host",
    f"redis://:{CANARY}#x@host",
    f"redis://host/{CANARY}",
    f"redis://host?{CANARY}=1",
    f"unix:///socket?db={CANARY}",
    f"redis://{CANARY}..example.com/0",
    f"REDIS://{CANARY}/0",
    "rediss://host?ssl_check_hostname=no",
    "redis://host/0?db=1",
    "redis://host/0/",
    "redis://host//1",
    "rediss://host?ssl_cert_reqs=none&db=1",
    "rediss://host?ssl_cert_reqs=none&ssl_cert_reqs=required",
    "unix:///socket?db=1&db=2",
    f"http://{CANARY}",
    "unix://",
    "redis://",
    "redis://host?ssl_cert_reqs=required",  # meant was rediss://
    "redis://host?virtual_host=1",
    "unix:///socket?virtual_host=1",
    f"rediss://host?ssl_cert_reqs={CANARY}",
    f"rediss://host?ssl_ca_certs=/{CANARY}/ca.pem",
]
WRONG = [
    *[(name, value) for name in HTTP for value in WRONG_HTTP],
    *[("SMTP_URL", value) for value in WRONG_MAIL],
    *[("REDIS_URL", value) for value in [*WRONG_REDIS, f"amqp://{CANARY}"]],
    *[("CELERY_BROKER_URL", value) for value in [*WRONG_REDIS, f"amqp://you:{CANARY}/x@host"]],
    ("CELERY_BROKER_URL", f"sentinel://{CANARY}:26379"),
    *[("SOURCES", json.dumps({"news": value})) for value in WRONG_HTTP],
    ("SOURCES", CANARY),
    ("SOURCES", f'["{CANARY}"]'),
    ("MAIL_FROM", CANARY),
    ("MAIL_FROM", f"Shop <{CANARY}@>"),
    ("MAIL_FROM", f"Shop <{CANARY}-ä@example.com>"),
    ("MAIL_FROM", f"Shop <shop@example.com>\r\nBcc: {CANARY}@example.com"),
    ("MAIL_FROM", f"Shop <shop@{CANARY}-{'x' * 70}.example>"),
    *[
        (name, value)
        for name in ("MAX_UPLOAD_BYTES", "QUEUE_SIZE", "MAX_RUNNING", "MAX_ATTEMPTS")
        for value in ("0", "-1", "1.5", CANARY, "inf", "1e99")
    ],
    *[
        (name, value)
        for name in ("RESULT_TTL_S", "JOB_TIMEOUT_S", "RETRY_BASE_S", "CALL_TIMEOUT_S", "DRAIN_S")
        for value in ("-1", "inf", "nan", "1e300", CANARY)
    ],
    ("WEBHOOK_SECRET", f"whsec_{CANARY}!"),
    ("WEBHOOK_SECRET", f"whsec_QUJD {CANARY}"),
    ("WEBHOOK_SECRET", f"{CANARY}\n"),
    ("WEBHOOK_SECRET", " "),
    ("PUSH_KEY", f"{CANARY}\n"),
    ("PUSH_KEY", f"{CANARY} é"),
    ("DATA_DIR", CANARY + "x" * 300),
    ("QUEUE_DB", CANARY + "x" * 300),
    ("QUEUE_DB", ":memory:"),
    ("QUEUE_DB", "."),
    ("QUEUE_DB", f"pyproject.toml/{CANARY}"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_value_is_named_and_never_repeated(name: str, value: str) -> None:
    with environment(**{name: value}), pytest.raises(SystemExit) as ended:
        get_settings()

    sentence = str(ended.value)
    assert sentence.startswith(f"cannot start: {name} must "), sentence
    assert CANARY not in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, f"https://you:p%2Fa%23b%40@example.com:8443/x?token={CANARY}") for name in HTTP],
        ("WEBHOOK_URL", "http://127.0.0.1:9/"),
        ("WEBHOOK_URL", "http://[::1]:9/"),
        ("SMTP_URL", "smtp://you:p%40@host"),
        ("SMTP_URL", "smtps://host:465/"),
        ("REDIS_URL", "redis://:secret@host:6379/3"),
        ("REDIS_URL", "unix:///run/redis.sock?db=2"),
        ("CELERY_BROKER_URL", "amqp://you:secret@host:5672//"),
        ("CELERY_BROKER_URL", "amqps://host/vhost"),
        ("SOURCES", '{"news": "https://example.com/news.json"}'),
        ("MAIL_FROM", "Änne's Shop <shop@bücher.example>"),
        ("MAIL_FROM", "shop@example.com"),
        ("QUEUE_DB", "var/not/there/yet/queue.sqlite"),
        ("WEBHOOK_URL", ""),
    ],
)
def test_right_value_is_taken(name: str, value: str) -> None:
    with environment(**{name: value}):
        found = getattr(get_settings(), name.lower())

    assert (json.dumps(found) if name == "SOURCES" else str(found or "")) == value


def test_several_wrong_values_are_named_together() -> None:
    with environment(QUEUE_SIZE="0", SMTP_URL="x"), pytest.raises(SystemExit) as ended:
        get_settings()

    assert "QUEUE_SIZE" in str(ended.value)
    assert "SMTP_URL" in str(ended.value)


def test_tls_of_redis_checks_the_server_unless_told_otherwise() -> None:
    with environment(REDIS_URL="rediss://host:6380/0"):
        assert get_settings().redis_url == "rediss://host:6380/0?ssl_cert_reqs=required"
    with environment(REDIS_URL="rediss://host:6380/0?ssl_cert_reqs=none"):
        assert get_settings().redis_url == "rediss://host:6380/0?ssl_cert_reqs=none"


def test_visibility_timeout_is_above_the_time_limit_of_a_job() -> None:
    above = pytest.raises(SystemExit, match="VISIBILITY_TIMEOUT_S must be above JOB_TIMEOUT_S")
    with environment(JOB_TIMEOUT_S="300", VISIBILITY_TIMEOUT_S="300"), above:
        get_settings()
    with environment(JOB_TIMEOUT_S="3600"):
        assert get_settings().visibility_timeout_s > 3600
    with environment(JOB_TIMEOUT_S="10"):
        assert get_settings().visibility_timeout_s == 360


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://host", MailServer("host", 25, use_tls=False)),
        ("smtps://host", MailServer("host", 465, use_tls=True)),
        ("smtp://you:a%2Fb%40@host:587", MailServer("host", 587, False, "you", "a/b@")),
        ("smtp://you:a@b@host:587", MailServer("host", 587, False, "you", "a@b")),
    ],
)
def test_mail_server_is_read_from_its_address(url: str, expected: MailServer) -> None:
    assert read_mail_server(url) == expected
    assert expected.password is None or expected.password not in repr(expected)


def test_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for value in (tmp_path / "file", tmp_path / "file" / "var"):
        refused = pytest.raises(SystemExit, match="DATA_DIR must be a folder")
        with environment(DATA_DIR=str(value)), refused:
            get_settings()


@pytest.mark.parametrize(
    "command",
    [
        *[f"uvicorn {folder}.main:app --port 0" for folder in FOLDERS],
        "celery -A 03_celery.celery_app worker",
        "celery -A 03_celery.schedule beat",
    ],
)
def test_every_process_ends_with_one_sentence_and_no_traceback(command: str) -> None:
    done = run_program(command.split(), {"SMTP_URL": f"smtp://you:{CANARY}/x@host:587"})

    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert said.count("cannot start: SMTP_URL must be") == 1
    assert "Traceback" not in said
    assert CANARY not in said
