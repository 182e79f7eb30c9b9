"""Settings from the environment (or `.env`), the same for the four apps and the Celery worker."""

from functools import cache
from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Name each value as an environment variable in capitals, for example `MAX_UPLOAD_BYTES`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    data_dir: Path = Path("var")
    max_upload_bytes: PositiveInt = Field(10 * 1024**2, description="Limit of one request body.")
    result_ttl_s: PositiveFloat = Field(3600, description="How long ended tasks and files stay.")

    smtp_url: str = Field(
        "smtp://127.0.0.1:1025", description="smtp:// or smtps://[user:password@]host:port"
    )
    mail_from: str = "Änne's Shop <shop@example.com>"
    webhook_url: str | None = Field(None, description="Told about each picture; none: nobody is.")
    webhook_secret: str | None = Field(
        None, description="Signs webhooks: whsec_…, or several while they change."
    )

    push_url: str | None = Field(None, description="Recipes: takes push messages.")
    push_key: str | None = Field(None, description="Recipes: sent to PUSH_URL as a bearer token.")
    backup_url: str | None = Field(None, description="Recipes: takes the audit log by PUT.")
    sync_url: str | None = Field(None, description="Recipes: takes SYNC_URL/{user_id}/sync.")
    sources: dict[str, str] = Field({}, description='Recipes: what may be cached, {"name": "URL"}.')
    call_timeout_s: PositiveFloat = Field(
        5, description="One call of another service, a webhook too."
    )
    payment_url: str | None = Field(None, description="Recipes: takes payments.")
    refresh_every_s: PositiveFloat = Field(60, description="Recipes: pause between refreshes.")

    max_running: PositiveInt = Field(100, description="02: more jobs than this are refused.")
    queue_size: PositiveInt = Field(1000, description="04: more waiting jobs are refused.")
    queue_workers: PositiveInt = Field(4, description="04: jobs that run at once.")
    queue_db: Path | None = Field(None, description="04: keep the queue in this file.")
    queue_lease_s: PositiveFloat = Field(
        10, description="04 with QUEUE_DB: the jobs of a process that is silent for longer move on."
    )
    drain_s: float = Field(20, ge=0, description="02, 04, 03 on SIGQUIT: how long a stop waits.")

    job_timeout_s: PositiveFloat = Field(
        300, description="02 (recipes), 03, 04: a longer job fails."
    )
    max_attempts: PositiveInt = Field(4, description="02 (recipes), 03, 04: first run and retries.")
    retry_base_s: PositiveFloat = Field(1.0, description="02 (recipes), 03, 04: first back-off.")

    relay_every_s: PositiveFloat = Field(5, description="03: how often the outbox is emptied.")
    beat_lock_s: PositiveFloat = Field(15, description="03: a new beat waits for a dead one.")
    redis_url: str = "redis://127.0.0.1:6379/0"
    celery_broker_url: str | None = Field(None, description="03: another broker than REDIS_URL.")
    visibility_timeout_s: PositiveInt = Field(
        360, description="03: a dead worker's jobs come back after this; above JOB_TIMEOUT_S."
    )


@cache
def get_settings() -> Settings:
    """Read the environment once."""
    return Settings()
