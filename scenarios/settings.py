"""Settings from the environment (or `.env`), the same for the four apps and the Celery worker."""

import json
import os
import re
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Annotated, Self

import idna
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .services.signature import PREFIX, read_keys
from .text.addresses import (
    BrokerUrl,
    HttpUrl,
    MailServer,
    MailUrl,
    RedisUrl,
    read_mail_server,
)

TEN_YEARS_S = 315_360_000


def check_folder(path: Path) -> Path:
    """Return a folder that is there and can be written, or can be made."""
    if not is_usable_folder(path):
        raise ValueError("must be a folder that this process may write to")
    return path


def is_usable_folder(path: Path) -> bool:
    """Tell whether this folder can be written, or can be made."""
    nearest = path
    try:
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
    except OSError:  # a name that is too long, or a folder that we may not look into
        return False
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def check_file(path: Path) -> Path:
    """Return the path of a file that is there and can be written, or can be made."""
    if not is_usable_folder(path.parent):
        raise ValueError("must be a file in a folder that this process may write to")
    try:
        exists = path.exists()
    except OSError:
        raise ValueError("must have a shorter name") from None
    if path.name == ":memory:" or (exists and not path.is_file()):
        raise ValueError("must be the path of a file")
    if exists and not os.access(path, os.R_OK | os.W_OK):
        raise ValueError("must be a file that this process may read and write")
    return path


def check_sender(sender: str) -> str:
    """Return who sends e-mail: a name if you like, and an address."""
    name, at, domain = parseaddr(sender)[1].rpartition("@")
    try:
        idna.encode(domain, uts46=True)
    except idna.IDNAError:
        domain = ""
    if not (name.isascii() and name and at and domain and sender.isprintable()):
        right = "Shop <shop@example.com>, with ASCII alone before the @"
        raise ValueError(f"must be an address, or a name and an address: {right}")
    return sender


def check_secret(secret: str) -> str:
    """Return what webhooks are signed with."""
    try:
        read_keys(secret)
    except ValueError:
        raise ValueError(f"must be base64 after {PREFIX}") from None
    if len({part.startswith(PREFIX) for part in secret.split()}) > 1:
        raise ValueError(f"must begin with {PREFIX} in each part, or in none")
    if PREFIX not in secret and secret != secret.strip():  # as a file's last line has it
        raise ValueError("must not begin or end with a blank, which would belong to the key")
    return secret


def check_token(token: str) -> str:
    """Return what stands in a header: other characters would fail each call, not the start."""
    if not re.fullmatch(r"[!-~]+", token):
        raise ValueError("must be printable ASCII without blanks")
    return token


def read_sources(text: object) -> object:
    """Return the JSON object that a text holds."""
    try:
        return json.loads(text) if isinstance(text, str) else text
    except json.JSONDecodeError:
        raise ValueError('must be JSON: {"name": "https://host/path"}') from None


Seconds = Annotated[float, Field(gt=0, le=TEN_YEARS_S)]
Count = Annotated[int, Field(gt=0, le=1_000_000)]
Folder = Annotated[Path, AfterValidator(check_folder)]
File = Annotated[Path, AfterValidator(check_file)]
Sources = Annotated[dict[str, HttpUrl], NoDecode, BeforeValidator(read_sources)]


class Settings(BaseSettings):
    """Name each value as an environment variable in capitals, for example `MAX_UPLOAD_BYTES`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    data_dir: Folder = Field(Path("var"), description="Uploads, results, databases and the ledger.")
    max_upload_bytes: int = Field(
        10 * 1024**2, gt=0, le=2**40, description="Limit of one request body."
    )
    result_ttl_s: Seconds = Field(3600, description="How long ended tasks and files stay.")
    ledger_max_bytes: int = Field(
        64 * 1024**2, gt=0, le=2**40, description="A larger ledger, or audit log, turns over."
    )

    smtp_url: MailUrl = Field(
        "smtp://127.0.0.1:1025", description="smtp:// or smtps://[user:password@]host:port"
    )
    mail_from: Annotated[str, AfterValidator(check_sender)] = Field(
        "Änne's Shop <shop@example.com>", description="The sender of all e-mails."
    )
    webhook_url: HttpUrl | None = Field(
        None, description="Told about each picture; if it is empty, nobody is told."
    )
    webhook_secret: Annotated[str, AfterValidator(check_secret)] | None = Field(
        None, description="Signs webhooks: whsec_…, or several while they change."
    )

    push_url: HttpUrl | None = Field(None, description="Recipes: takes push messages.")
    push_key: Annotated[str, AfterValidator(check_token)] | None = Field(
        None, description="Recipes: sent to PUSH_URL as a bearer token."
    )
    backup_url: HttpUrl | None = Field(None, description="Recipes: takes the audit log by PUT.")
    sync_url: HttpUrl | None = Field(None, description="Recipes: takes SYNC_URL/{user_id}/sync.")
    sources: Sources = Field({}, description='Recipes: what may be cached, {"name": "URL"}.')
    call_timeout_s: Seconds = Field(5, description="One call of another service, a webhook too.")
    payment_url: HttpUrl | None = Field(None, description="Recipes: takes payments.")
    refresh_every_s: Seconds = Field(60, description="Recipes: pause between refreshes.")

    max_running: Count = Field(100, description="02: more jobs than this are refused.")
    queue_size: Count = Field(1000, description="04: more waiting jobs are refused.")
    queue_workers: Count = Field(4, description="04: jobs that run at once.")
    queue_db: File | None = Field(None, description="04: keep the queue in this file.")
    queue_lease_s: Seconds = Field(
        10, description="04 with QUEUE_DB: the jobs of a process that is silent for longer move on."
    )
    drain_s: float = Field(
        20, ge=0, le=TEN_YEARS_S, description="02, 04, 03 on SIGQUIT: how long a stop waits."
    )

    job_timeout_s: Seconds = Field(300, description="02 (recipes), 03, 04: a longer job fails.")
    max_attempts: Annotated[int, Field(gt=0, le=100)] = Field(
        4, description="02 (recipes), 03, 04: first run and retries."
    )
    retry_base_s: Seconds = Field(1.0, description="02 (recipes), 03, 04: first back-off.")

    relay_every_s: Seconds = Field(5, description="03: how often the outbox is emptied.")
    beat_lock_s: Seconds = Field(15, description="03: a new beat waits for a dead one.")
    redis_url: RedisUrl = Field(
        "redis://127.0.0.1:6379/0", description="03: broker and records; rediss:// for TLS."
    )
    celery_broker_url: BrokerUrl | None = Field(
        None, description="03: another broker than REDIS_URL."
    )
    visibility_timeout_s: Count = Field(
        360, description="03: a dead worker's jobs come back after this; above JOB_TIMEOUT_S."
    )

    @property
    def mail_server(self) -> MailServer:
        """Return SMTP_URL taken apart."""
        return read_mail_server(self.smtp_url)

    @model_validator(mode="after")
    def check_relations(self) -> Self:
        """Refuse values that are right alone and not together; let one follow from the other."""
        chosen = {"visibility_timeout_s", "job_timeout_s"} & self.model_fields_set
        if chosen == {"job_timeout_s"}:
            self.visibility_timeout_s = max(360, int(self.job_timeout_s) + 60)
        elif len(chosen) == 2 and self.visibility_timeout_s <= self.job_timeout_s:
            raise ValueError(
                "VISIBILITY_TIMEOUT_S must be above JOB_TIMEOUT_S: a job that takes longer is given"
                " to a second worker while it runs"
            )
        return self


@cache
def get_settings() -> Settings:
    """Read the environment once; a wrong value ends the process with a sentence."""
    try:
        return Settings()
    except ValidationError as error:
        sentences = dict.fromkeys(map(describe, error.errors(include_input=False)))
        raise SystemExit(f"cannot start: {'; '.join(sentences)}") from None
    except UnicodeDecodeError:
        raise SystemExit("cannot start: the file .env must be UTF-8") from None


def describe(problem: ErrorDetails) -> str:
    """Say which setting is wrong and what is right, and never what was found: it may be secret."""
    name = str(problem["loc"][0]).upper() if problem["loc"] else ""
    right = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be", 1)
    return f"{name} {right}".strip()
