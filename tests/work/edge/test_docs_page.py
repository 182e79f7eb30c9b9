"""The pages about the API need no network, behind a proxy neither, and show an example to send."""

import asyncio
import re

import httpx
import pytest
from fastapi import FastAPI

from scenarios import http
from scenarios.contract import EmailIn


def get(path: str, root_path: str = "") -> httpx.Response:
    app = FastAPI()
    http.complete(app)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.get(path)

    return asyncio.run(ask())


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_page_loads_nothing_from_another_server(page: str, prefix: str) -> None:
    answer = get(page, prefix)

    loaded = re.findall(r"""(?:src|href)=["']([^"']+)""", answer.text)
    assert answer.status_code == 200
    assert loaded
    for url in loaded:
        assert url.startswith(f"{prefix}/docs/"), url
        assert get(url.removeprefix(prefix)).status_code == 200
    assert f"{prefix}/openapi.json" in answer.text


@pytest.mark.parametrize("name", ["../__init__.py", "..%2F__init__.py", "core.py"])
def test_no_other_file_is_given(name: str) -> None:
    assert get(f"/docs/{name}").status_code == 404


def test_example_can_be_sent_as_it_stands() -> None:
    for example in EmailIn.model_json_schema()["examples"]:
        EmailIn.model_validate(example)
