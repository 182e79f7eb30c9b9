"""The jobs of one measurement: the same requests, byte for byte, for every approach."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import httpx

from . import samples
from .plan import Plan

WIDTH_PX = 1024
OPERATIONS = ["thumbnail", "sharpen", "watermark"]
UPLOAD_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Post:
    """One request to send; `total` is what the report must say."""

    kind: str
    request: httpx.Request
    total: Decimal | None = None


@dataclass(frozen=True)
class Job:
    """One answered request; `task_id` is None where the job was not accepted."""

    post: Post
    task_id: str | None
    accept_ms: float
    refusal: str = ""


class Workload:
    """The inputs of a plan, made once; `posts` turns them into the requests for one API."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._reports = [samples.make_orders(plan.orders, seed) for seed in range(plan.reports)]
        self._photos = samples.make_photos(plan.pictures) if plan.pictures else []

    def posts(self, url: str) -> list[Post]:
        """Return the requests, their bodies built, so that building them costs no time later."""
        reports = [
            Post("report", _report(url, orders.csv, number), orders.total)
            for number, orders in enumerate(self._reports, 1)
        ]
        pictures = [Post("image", _picture(url, photo)) for photo in self._photos]
        return [*email_posts(url, self.plan.emails, "Measured"), *pictures, *reports]


def email_posts(url: str, count: int, subject: str) -> list[Post]:
    """Return `count` e-mails to different people."""
    return [
        Post("email", httpx.Request("POST", f"{url}/emails", json=_email(number, subject)))
        for number in range(1, count + 1)
    ]


async def send_all(client: httpx.AsyncClient, posts: list[Post]) -> list[Job]:
    """Send every request at once, each on a connection of its own."""
    return await asyncio.gather(*(_send(client, post) for post in posts))


async def _send(client: httpx.AsyncClient, post: Post) -> Job:
    started = time.perf_counter()
    try:
        answer = await client.send(post.request)
    except httpx.HTTPError as error:
        return Job(post, None, _ms_since(started), f"{type(error).__name__}: {error}")
    accept_ms = _ms_since(started)
    if answer.status_code != httpx.codes.ACCEPTED:
        return Job(post, None, accept_ms, f"{answer.status_code}: {answer.text[:200]}")
    return Job(post, answer.json()["task_id"], accept_ms)


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _email(number: int, subject: str) -> dict[str, str]:
    return {
        "to": f"reader{number}@example.com",
        "subject": f"{subject} e-mail {number}",
        "body": f"This is e-mail {number} of a measurement.\n",
    }


def _report(url: str, csv: bytes, number: int) -> httpx.Request:
    file = ("orders.csv", csv, "text/csv")
    return multipart(f"{url}/reports", {"title": f"Orders {number}"}, file)


def _picture(url: str, photo: bytes) -> httpx.Request:
    fields: dict[str, str | list[str]] = {"operations": OPERATIONS, "width": str(WIDTH_PX)}
    return multipart(f"{url}/images", fields, ("photo.jpg", photo, "image/jpeg"))


def multipart(
    url: str, fields: Mapping[str, str | list[str]], file: tuple[str, bytes, str]
) -> httpx.Request:
    """Return an upload whose body is built, so that building it costs no time later."""
    built = httpx.Request("POST", url, data=dict(fields), files={"file": file})
    return httpx.Request("POST", url, headers=built.headers, content=built.read())
