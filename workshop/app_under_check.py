"""A learner's app as its check sees it: a real process that answers HTTP, or fails to."""

import http.client
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from lab.plain_http import TRUSTS_NOBODY
from lab.processes.part import Part
from lab.processes.pauses import pause
from lab.processes.ports import HOST

from .explain import ERROR, explain_end, explain_log
from .journal import Journal
from .verdict import Missed, expect

ANSWER_S = 5.0
LOUD_S = 40.0


@dataclass(frozen=True)
class Answer:
    """An HTTP answer and the moments (monotonic seconds) of its request and of its last byte."""

    status: int
    headers: httpx.Headers
    body: Any  # Any: what the learner's app sent, JSON or text
    asked_at: float
    answered_at: float

    @property
    def seconds(self) -> float:
        return self.answered_at - self.asked_at

    def get(self, key: str) -> Any:  # Any: see `body`
        """Return a value of a JSON object; None where there is none."""
        return self.body.get(key) if isinstance(self.body, dict) else None

    def __str__(self) -> str:
        return f"{self.status} with {self.body!r}"


class App:
    """One running app; every surprise becomes a sentence."""

    def __init__(self, part: Part, file: Path, journal: Journal) -> None:
        self.part = part
        self.journal = journal
        # Jobs can break a connection that is kept: the next request would meet the failure.
        limits = httpx.Limits(max_keepalive_connections=0)
        # Plain HTTP: to read the certificates of the machine takes 25 ms.
        self.client = httpx.Client(
            base_url=part.url, trust_env=False, verify=TRUSTS_NOBODY, limits=limits
        )
        self._file = file
        self._threads = ThreadPoolExecutor(32)

    def close(self) -> None:
        """Drop connections and threads; a request under way ends at its own time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.client.close()

    def get(self, path: str, **options: Any) -> Answer:  # Any: see `ask`
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:  # Any: see `ask`
        return self.ask("POST", path, **options)

    def delete(self, path: str, **options: Any) -> Answer:  # Any: see `ask`
        return self.ask("DELETE", path, **options)

    def later(self, method: str, path: str, **options: Any) -> Future[Answer]:  # Any: see `ask`
        """Ask in a thread."""
        return self._threads.submit(self.ask, method, path, **options)

    def ask(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        timeout_s: float = ANSWER_S,
        **options: Any,  # Any: httpx's own, `json` for example
    ) -> Answer:
        """Send one request on a new connection; demand this status if one is given."""
        asked_at = time.monotonic()
        try:
            answer = self.client.request(method, path, timeout=timeout_s, **options)
        except httpx.TimeoutException:
            raise Missed(f"an answer to {method} {path} within {timeout_s:g} s", "none") from None
        except (httpx.TransportError, RuntimeError):
            raise Missed(f"an answer to {method} {path}", self._explain_silence()) from None
        found = Answer(
            answer.status_code, answer.headers, _read(answer), asked_at, time.monotonic()
        )
        if status is not None:
            expect(found.status == status, f"{status} from {method} {path}", self.describe(found))
        return found

    def describe(self, answer: Answer) -> str:
        """Name the status, and the error behind a 500."""
        if answer.status != 500:
            return str(answer.status)
        # The server answers first and writes the traceback after it.
        deadline = time.monotonic() + 1
        while not (error := self.last_error()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return f"{answer.status}, {error or 'and nothing in the log'}"

    def last_error(self) -> str:
        """Return the last error in the log with its line in the app; nothing if there is none."""
        log = self.part.log_text()
        return explain_log(log, self._file) if ERROR.search(log) else ""

    def wait_until(
        self,
        expected: str,
        look: Callable[[], Any],
        holds: Callable[[Any], object],
        timeout_s: float,
    ) -> Any:  # Any: whatever `look` returns
        """Look until it holds; raise Missed with the last sight after `timeout_s`."""
        started = time.monotonic()
        while not holds(seen := look()):
            if not self.part.alive:
                raise Missed(expected, self._explain_silence())
            if time.monotonic() - started > timeout_s:
                raise Missed(f"{expected} within {timeout_s:g} s", str(seen))
            pause(started)
        return seen

    def wait_event(
        self, name: str, expected: str, /, timeout_s: float = 10, **facts: object
    ) -> None:
        """Wait until the journal holds this event."""
        look = partial(self.journal.count, name, **facts)
        self.wait_until(expected, look, lambda count: count > 0, timeout_s)

    def wait_status(self, path: str, key: str, wanted: set[str], timeout_s: float = 10) -> Answer:
        """Ask until `key` of the answer is one of `wanted`."""
        words = " or ".join(sorted(wanted))
        started = time.monotonic()
        while (answer := self.get(path, status=200)).get(key) not in wanted:
            if time.monotonic() - started > timeout_s:
                expected = f"{key} {words} from GET {path} within {timeout_s:g} s"
                raise Missed(expected, repr(answer.get(key)))
            pause(started)
        return answer

    def wait_quiet(self, quiet_s: float, is_done: Callable[[], bool] = lambda: False) -> None:
        """Wait until nothing has been written to the journal for `quiet_s`, or it is done.

        A job that is run again and again is never quiet: after LOUD_S that is seen as well.
        """
        seen, since = -1, time.monotonic()
        end = since + LOUD_S
        while not is_done() and self.part.alive and time.monotonic() < end:
            if time.monotonic() - since > quiet_s:
                break
            time.sleep(0.1)
            now = len(self.journal.events())
            if now != seen:
                seen, since = now, time.monotonic()

    def _explain_silence(self) -> str:
        time.sleep(0.2)  # a process that ends closes its sockets first
        if self.part.alive:
            return "the connection was closed"
        return explain_end(self.part.wait_exit(), self.part.log_text(), self._file)


def _read(answer: httpx.Response) -> Any:  # Any: see `Answer.body`
    try:
        return answer.json()
    except ValueError:
        return answer.text


def answers(port: int) -> Callable[[Part], bool]:
    """Ask whether anything answers HTTP on the port, whatever it says."""

    def ready(part: Part) -> bool:
        connection = http.client.HTTPConnection(HOST, port, timeout=1)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status > 0
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ready
