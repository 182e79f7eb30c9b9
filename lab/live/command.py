"""The command `lab live`: the page with all lanes, or a recording without a browser."""

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from lab.approaches import ROOT
from lab.mailbox.server import listen
from lab.processes.folder import lock_folder, make_folder
from lab.processes.group import LIST
from lab.processes.leftovers import end_leftovers
from lab.processes.ports import HOST, claim
from lab.processes.signals import signals_exit

from .controller import Live
from .presets.preset import find_preset
from .recording import FOLDER, write_recording

PORT = 8000


class Server(uvicorn.Server):
    """Ends the streams of events when it stops, because it would wait for them otherwise."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let every stream end, and then the server."""
        self._live.closing = True
        self._live.wake_all()
        await super().shutdown(sockets)


async def serve(live: Live, port: int, told: Callable[[str], None]) -> None:
    """Serve the page on 127.0.0.1 until SIGINT or SIGTERM; `told` is given its address."""
    from .api import make_app  # imported here: other commands start faster

    claimed = claim(port)
    config = uvicorn.Config(
        make_app(live), log_level="warning", lifespan="off", timeout_graceful_shutdown=2
    )
    try:
        sockets = [listen(claimed.number)]
        told(f"http://{HOST}:{claimed.number}")
        await Server(config, live).serve(sockets=sockets)
    finally:
        claimed.release()


@contextmanager
def claim_folder(path: Path) -> Iterator[Path]:
    """Keep other labs out of the folder, and end what a killed one has left in it."""
    folder = make_folder(path)
    with lock_folder(folder):
        for left in folder.glob(f"*/{LIST}"):
            end_leftovers(left)
        yield folder


def live(
    record: Annotated[
        str | None,
        typer.Option(help="Play this preset without a browser, and write its recording."),
    ] = None,
    lane: Annotated[list[str] | None, typer.Option(help="One lane; may be repeated.")] = None,
    variant: Annotated[str, typer.Option(help="Variant of the preset, as sigterm_api_long.")] = "",
    jobs: Annotated[int | None, typer.Option(min=1, max=500, help="Jobs in each lane.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for --record.")] = FOLDER,
    port: Annotated[int, typer.Option(help="Port of the page, or the next free one.")] = PORT,
    data_dir: Annotated[Path, typer.Option(help="Folder of the processes.")] = Path("var/live"),
    root: Annotated[Path, typer.Option(help="Folder that holds approaches.toml.")] = ROOT,
) -> None:
    """Serve the live page: post jobs to all approaches, break things, see what becomes of them."""
    if record:
        find_preset(record)
    try:
        with signals_exit(), claim_folder(data_dir) as folder:
            controller = Live(folder, root, lane or ())
            try:
                if record:
                    _record(controller, record, out, lanes=lane or (), jobs=jobs, variant=variant)
                else:
                    asyncio.run(serve(controller, port, _say_where))
            finally:
                controller.close()
    except KeyboardInterrupt:
        print("\nStopped: no process is left.", file=sys.stderr)


def _record(
    controller: Live, name: str, out: Path, *, lanes: Sequence[str], jobs: int | None, variant: str
) -> None:
    print(f"Playing {name} without a browser …", flush=True)
    run = controller.start(name, lanes=lanes, jobs=jobs, variant=variant, ask=False)
    controller.wait()
    recording = controller.find_recording(run.number)
    assert recording
    for lane, result in recording.results.items():
        verdict = {True: "as promised", False: "not as promised", None: ""}[result["as_promised"]]
        print(f"{lane:<28} {result['outcome']:<24} {verdict}")
    if missing := [
        lane.name for lane in recording.about.lanes if lane.name not in recording.results
    ]:
        print(f"No result, so nothing is written: {', '.join(missing)}", file=sys.stderr)
        raise typer.Exit(1)
    path = write_recording(make_folder(out), recording)
    print(f"Written: {path}, {path.stat().st_size / 1000:.0f} kB")
    if any(result["as_promised"] is False for result in recording.results.values()):
        raise typer.Exit(1)


def _say_where(url: str) -> None:
    print(
        f"\nThe live page: {url}\nCtrl-C ends it and every process that it has started.", flush=True
    )
