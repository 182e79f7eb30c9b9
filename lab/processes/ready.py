"""Tells whether a part answers yet, with one quick question."""

import http.client
import re
import socket
from collections.abc import Callable

from .part import Part
from .ports import HOST

ASK_S = 1.0


def answers_http(port: int, path: str = "/healthz") -> Callable[[Part], bool]:
    """Ask for `path` until the answer is 200."""

    def ready(part: Part) -> bool:
        if not part.alive:
            return False  # another program has taken the port and would answer instead
        connection = http.client.HTTPConnection(HOST, port, timeout=ASK_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ready


def answers_ping(port: int, password: str) -> Callable[[Part], bool]:
    """Ask PING until the answer is PONG; while the data is being loaded it is an error."""
    question = f"AUTH {password}\r\nPING\r\n".encode()

    def ready(part: Part) -> bool:
        try:
            with socket.create_connection((HOST, port), timeout=ASK_S) as connection:
                connection.sendall(question)
                with connection.makefile("rb") as answers:
                    return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False

    return ready


def logs(pattern: str) -> Callable[[Part], bool]:
    """Look for a line in the log of this run (`celery inspect ping` takes seconds)."""
    line = re.compile(pattern)
    return lambda part: line.search(part.log_text()) is not None
