"""A service that says quickly that its broker is away, and answers everybody else."""

import os

from celery import Celery
from fastapi import FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
BROKER_URL = os.environ.get("BROKER_URL", REDIS_URL)

app = FastAPI()
celery = Celery("reports", broker=BROKER_URL, backend=REDIS_URL)
celery.conf.broker_transport_options = {
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "max_retries": 0,  # `retry=False` alone still tries to connect for 6 s
}
celery.conf.result_backend_transport_options = {"retry_policy": {"max_retries": 0}}
celery.conf.redis_socket_timeout = celery.conf.redis_socket_connect_timeout = 1


@celery.task
def make_report(month: str) -> str:
    return f"report of {month}"


@app.post("/reports/{month}", status_code=202)
async def create_report(month: str) -> dict[str, str]:
    try:
        result = await run_in_threadpool(make_report.apply_async, (month,), retry=False)
    except (OperationalError, RedisError, RuntimeError):  # RuntimeError: of the result backend
        raise HTTPException(503, "no broker", headers={"Retry-After": "5"}) from None
    return {"task_id": result.id}


@app.get("/ping")
async def ping() -> dict[str, str]:
    return {"answer": "pong"}
