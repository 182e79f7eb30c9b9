"""Redis and the broker at every kind of address that the settings take."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import redis

from tests.recipes.celery_api import CELERY, CeleryApi
from tests.support.client import Api, accepted_id
from tests.work.scripted_smtp import CERTIFICATE, server_context

OTHER_NAME = "127.0.0.2"  # the certificate is of localhost and 127.0.0.1


@dataclass
class Entrances:
    """More ways to one port of 127.0.0.1, as they are written in a URL, and what came in."""

    port: int
    addresses: dict[str, str] = field(default_factory=dict)
    came_in: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came_in.append(await reader.read(65536))
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
            back.write(self.came_in[-1])
            await asyncio.gather(pipe(reader, back), pipe(there, writer))
        writer.close()

    async def open(self, folder: Path) -> list[asyncio.Server]:
        path, tls = folder / "a socket", server_context()
        servers = [await asyncio.start_unix_server(self.serve, path)]
        self.addresses["socket"] = quote(str(path))
        for name, host, context in (
            ("ipv6", "::1", None),
            ("tls", "127.0.0.1", tls),
            ("other", OTHER_NAME, tls),
        ):
            server = await asyncio.start_server(self.serve, host, 0, ssl=context)
            port = server.sockets[0].getsockname()[1]
            self.addresses[name] = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            servers.append(server)
        return servers


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


@contextmanager
def opened(port: int, folder: Path) -> Iterator[Entrances]:
    """Lead a Unix socket, an IPv6 port and two TLS ports to this port."""
    loop, entrances = asyncio.new_event_loop(), Entrances(port)
    servers = loop.run_until_complete(entrances.open(folder))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield entrances
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for server in servers:
            server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()


@pytest.fixture(scope="module")
def entrances(
    celery_api: CeleryApi, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Entrances]:
    port = urlsplit(celery_api.stack.redis_url).port or 0
    with opened(port, tmp_path_factory.mktemp("entrances")) as found:
        yield found


@contextmanager
def api_at(celery_api: CeleryApi, **env: str) -> Iterator[Api]:
    """Start one more API with these settings; kill it in the end."""
    env["DATA_DIR"] = str(celery_api.data_dir)
    part = celery_api.stack.start(CELERY, label="elsewhere", env=env, without=("worker",))
    try:
        with closing(Api(part.url)) as api:
            yield api
    finally:
        part.kill9(group=True)
        del celery_api.stack.parts["elsewhere"]


@pytest.mark.parametrize("names", [("REDIS_URL",), ("REDIS_URL", "CELERY_BROKER_URL")])
@pytest.mark.parametrize(
    "url",
    [
        "unix://:{password}@{socket}?db=3",
        "redis://:{password}@{ipv6}/3",
        f"rediss://:{{password}}@{{tls}}/3?ssl_ca_certs={CERTIFICATE}",
        "rediss://:{password}@{tls}/3?ssl_cert_reqs=none",
        f"rediss://:{{password}}@{{other}}/3?ssl_check_hostname=false&ssl_ca_certs={CERTIFICATE}",
    ],
    ids=lambda url: url.partition(":")[0] if isinstance(url, str) else None,
)
def test_api_and_worker_find_the_same_database(
    celery_api: CeleryApi, entrances: Entrances, url: str, names: tuple[str, ...]
) -> None:
    password = str(urlsplit(celery_api.stack.redis_url).password)
    env = dict.fromkeys(names, url.format(password=password, **entrances.addresses))

    with api_at(celery_api, **env) as api:
        task_id = accepted_id(api.post_email())
        with redis.Redis.from_url(celery_api.stack.redis_url.removesuffix("0") + "3") as client:
            assert client.llen("default") == 1
        with celery_api.worker("elsewhere-worker", env=env) as worker:
            assert api.wait_until_final(task_id).status == "succeeded"
            assert password not in worker.log_text()


@pytest.mark.parametrize("scheme", ["amqps", "rediss"])
def test_server_with_the_certificate_of_another_one_is_told_nothing(
    celery_api: CeleryApi, entrances: Entrances, scheme: str
) -> None:
    env = {"SSL_CERT_FILE": str(CERTIFICATE)}
    heard = []
    for name in ("tls", "other"):
        env["CELERY_BROKER_URL"] = f"{scheme}://ann:secret@{entrances.addresses[name]}/"
        entrances.came_in.clear()
        with api_at(celery_api, **env) as api:
            assert api.post_email().status_code == 503
        heard.append(bool(entrances.came_in))

    assert heard == [True, False]
