"""Speak to one app over HTTP, as a user would."""

from collections.abc import Sequence
from uuid import uuid4

import httpx

from lab.plain_http import TRUSTS_NOBODY
from scenarios.contract import QueueMetrics
from scenarios.status import TaskStatus

from .waiting import wait_until

USUAL = httpx.Limits(max_connections=100, max_keepalive_connections=20)  # as httpx itself
ORDERS_HEADER = b"date,region,product,quantity,unit_price\n"


def new_address() -> str:
    """Return an address that no other test writes to."""
    return f"reader-{uuid4().hex}@example.com"


def accepted_id(response: httpx.Response) -> str:
    """Return the id of the task that `response` says was taken."""
    assert response.status_code == 202, f"{response.status_code}: {response.text}"
    return str(response.json()["task_id"])


class Api:
    """The routes of the contract; each method returns the bare answer or its model."""

    def __init__(self, base_url: str, limits: httpx.Limits = USUAL) -> None:
        self.base_url = base_url
        self.http = httpx.Client(base_url=base_url, verify=TRUSTS_NOBODY, timeout=20, limits=limits)

    def close(self) -> None:
        self.http.close()

    def answers(self) -> bool:
        """Tell whether the app is there."""
        try:
            return self.http.get("/healthz").is_success
        except httpx.TransportError:
            return False

    def post_email(
        self,
        to: str | None = None,
        subject: str = "Your order",
        body: str = "It is on its way.\n",
        key: str | None = None,
    ) -> httpx.Response:
        fields = {"to": to or new_address(), "subject": subject, "body": body}
        return self.http.post("/emails", json=fields, headers=_key_header(key))

    def post_report(
        self,
        orders: bytes,
        title: str = "Orders",
        filename: str = "orders.csv",
        key: str | None = None,
    ) -> httpx.Response:
        return self.http.post(
            "/reports",
            data={"title": title},
            files={"file": (filename, orders, "text/csv")},
            headers=_key_header(key),
        )

    def post_image(
        self,
        picture: bytes,
        operations: Sequence[str] = ("thumbnail",),
        width: int = 64,
        filename: str = "picture.png",
        key: str | None = None,
    ) -> httpx.Response:
        return self.http.post(
            "/images",
            data={"operations": list(operations), "width": str(width)},
            files={"file": (filename, picture, "image/png")},
            headers=_key_header(key),
        )

    def read_task(self, task_id: str) -> TaskStatus:
        response = self.http.get(f"/tasks/{task_id}")
        assert response.status_code == 200, f"{response.status_code}: {response.text}"
        return TaskStatus.model_validate(response.json())

    def read_result(self, task_id: str) -> httpx.Response:
        return self.http.get(f"/tasks/{task_id}/result")

    def cancel(self, task_id: str) -> httpx.Response:
        return self.http.delete(f"/tasks/{task_id}")

    def read_metrics(self) -> QueueMetrics:
        response = self.http.get("/metrics/queue")
        assert response.status_code == 200, f"{response.status_code}: {response.text}"
        return QueueMetrics.model_validate(response.json())

    def wait_until_final(self, task_id: str, timeout_s: float = 30) -> TaskStatus:
        return wait_until(
            f"task {task_id} has ended",
            lambda: self.read_task(task_id),
            lambda task: task.status.is_final,
            timeout_s,
        )

    def wait_until_running(self, task_id: str) -> TaskStatus:
        return wait_until(
            f"task {task_id} runs",
            lambda: self.read_task(task_id),
            lambda task: task.status == "running",
        )

    def wait_until_quiet(self) -> QueueMetrics:
        """Wait until no job waits or runs."""
        return wait_until(
            "no job waits or runs",
            self.read_metrics,
            lambda metrics: metrics.queued + metrics.running == 0,
        )


def _key_header(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Idempotency-Key": key}
