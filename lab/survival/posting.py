"""Posts the jobs of a trial, all at once, and keeps each answer."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from lab.load.run_jobs import connect
from lab.load.samples import encode, make_orders, make_photo
from lab.load.workload import email_posts, multipart

PICTURE = encode(make_photo((64, 48)), "PNG")
ORDERS = make_orders(20)
MOST_S = 5.0  # until a refusal must have come: a wide limit, as the client shares the machine


@dataclass(frozen=True)
class Answer:
    """What the API has answered: a task id, or a refusal."""

    kind: str
    task_id: str | None
    waited_s: float
    refused_well: bool = True
    code: int | None = None  # None: no answer


Told = Callable[[int, Answer], None]  # the number of the request, and its answer


def emails(url: str, count: int) -> list[httpx.Request]:
    """Return e-mails to reader1, reader2 and so on."""
    return [post.request for post in email_posts(url, count, "Trial")]


def pictures(url: str, count: int) -> list[httpx.Request]:
    """Return small pictures; their job ends with a webhook."""
    return [picture(url, PICTURE) for _ in range(count)]


def picture(url: str, content: bytes) -> httpx.Request:
    """Return one picture that is made smaller."""
    fields = {"operations": "thumbnail", "width": "32"}
    return multipart(f"{url}/images", fields, ("picture.png", content, "image/png"))


def report(url: str, csv: bytes) -> httpx.Request:
    """Return one report."""
    return multipart(f"{url}/reports", {"title": "Orders"}, ("orders.csv", csv, "text/csv"))


def reports(url: str, count: int, *, bad: bool = False) -> list[httpx.Request]:
    """Return small reports; the last row of a bad one has no price."""
    csv = ORDERS.csv + b"2025-01-01,North,Lamp,1,cheap\n" if bad else ORDERS.csv
    return [report(url, csv) for _ in range(count)]


def post_all(
    requests: Sequence[httpx.Request], answered: Told = lambda number, answer: None
) -> list[Answer]:
    """Send every request at once, each on a connection of its own; `answered` is told of each."""

    async def send(client: httpx.AsyncClient, number: int, request: httpx.Request) -> Answer:
        answer = await _send(client, request)
        answered(number, answer)
        return answer

    async def send_all() -> list[Answer]:
        async with connect("") as client:
            numbered = enumerate(requests)
            return await asyncio.gather(*(send(client, *each) for each in numbered))

    return asyncio.run(send_all())


async def _send(client: httpx.AsyncClient, request: httpx.Request) -> Answer:
    kind = request.url.path.strip("/").removesuffix("s")
    started = time.monotonic()
    try:
        answer = await client.send(request)
    except httpx.TransportError:
        return Answer(kind, None, time.monotonic() - started, refused_well=False)
    waited_s = time.monotonic() - started
    if answer.status_code == httpx.codes.ACCEPTED:
        return Answer(kind, answer.json()["task_id"], waited_s, code=answer.status_code)
    well = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in answer.headers
    in_time = waited_s < MOST_S
    return Answer(kind, None, waited_s, well and in_time, answer.status_code)
