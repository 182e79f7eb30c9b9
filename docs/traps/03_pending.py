"""What Celery takes without a word, and what it refuses only when the job is sent."""

import asyncio
from typing import Any

from celery import Celery
from kombu.exceptions import EncodeError
from pydantic import BaseModel

app = Celery(broker="memory://", backend="cache+memory://")
app.conf.task_max_retries = 1  # no such setting: it is taken in silence


class Order(BaseModel):
    """An argument that JSON does not know."""

    number: int


@app.task
def print_order(order: Any) -> None: ...


@app.task
async def asynchronous() -> None:
    await asyncio.sleep(0)


# An id is not checked: there is nothing but results to look it up in. (1)
print("id that never was:", app.AsyncResult("no-such-id").state)
print("retries with task_max_retries = 1:", print_order.max_retries)
try:
    print_order.delay(Order(number=1))  # (2)
except EncodeError as error:
    print("a model as argument:", error)
app.conf.task_always_eager = app.conf.task_eager_propagates = True
result: Any = asynchronous.apply().result  # (3)
print("result of an async def task:", type(result).__name__)
result.close()
