"""The programs of the benchmark that ask running apps, with tiny numbers."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bench.apps.load import CONNECTIONS, measure
from bench.programs import PROGRAMS
from bench.rounds import measure_all


def run_once(name: str, count: int, folder: Path, **changes: object) -> dict[str, float]:
    """Return the values of one program by the name of their figure."""
    program = replace(PROGRAMS[name], count=count, **changes)  # type: ignore[arg-type] # of a test

    figures = measure_all({name: program}, 1, folder, {}, print)

    assert not [figure.missing for figure in figures.values() if figure.missing]
    return {figure: values.median for figure, values in figures.items()}


async def ask_for_emails(answer: bytes, urls: int) -> tuple[list[float], int]:
    """Send a load to a server that always gives this answer; return rates and requests."""
    requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        while await reader.readline():
            while await reader.readline() != b"\r\n":
                pass
            requests += 1
            writer.write(answer)
            await reader.readuntil(b"}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        rates = await measure(CONNECTIONS * 4, [f"http://127.0.0.1:{port}/emails"] * urls)
    return rates, requests


def test_load_sends_as_many_requests_to_each_url() -> None:
    answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}"

    rates, requests = asyncio.run(ask_for_emails(answer, urls=2))

    assert len(rates) == 2
    assert min(rates) > 0
    assert requests == 2 * (CONNECTIONS * 4 + CONNECTIONS * 4)  # to warm up, and measured


def test_load_that_is_refused_is_no_figure() -> None:
    answer = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}"

    with pytest.raises(RuntimeError, match="503 Service Unavailable"):
        asyncio.run(ask_for_emails(answer, urls=1))


@pytest.mark.parametrize("app", ["01", "04-durable"])
def test_accept_rate_is_measured_with_and_without_a_job(app: str, tmp_path: Path) -> None:
    values = run_once(f"accept-{app}", 256, tmp_path)

    assert values.keys() == {f"accept-{app}/job", f"accept-{app}/bare"}
    assert min(values.values()) > 0


def test_healthz_is_measured_while_pictures_are_processed(tmp_path: Path) -> None:
    values = run_once("healthz-04", 3, tmp_path)

    assert values.keys() == {"healthz-04/busy", "healthz-04/idle"}
    assert min(values.values()) > 0


def test_emails_of_celery_are_counted_from_the_ledger(tmp_path: Path) -> None:
    values = run_once("mails", 4, tmp_path, options=("2",), parts={"2": "2 worker processes"})

    assert values["mails/2"] > 0
