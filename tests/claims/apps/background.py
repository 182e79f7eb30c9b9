"""BackgroundTasks as tutorials show them, with gates that a test opens."""

import gc
import logging
import queue
from collections.abc import Iterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, Request, Response
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

from .steps import block, block_at, compute, compute_until, say, wait_at

app = FastAPI()
logger = logging.getLogger("claims")


@app.get("/ping")
async def ping(word: str = "") -> str:
    if word:
        say(word)
    return "pong"


@app.get("/sync")
def answer_in_a_thread() -> str:
    return "pong"


@app.get("/async-with-sync-dependency", dependencies=[Depends(lambda: None)])
async def answer_after_a_thread() -> str:
    return "pong"


@app.get("/held")
async def hold(gate: str) -> str:
    say(f"{gate} asked")
    await wait_at(gate)
    say(f"{gate} answered")
    return "at last"


async def wait(name: str) -> None:
    say(f"{name} began")
    await wait_at(name)
    say(f"{name} ended")


def wait_in_thread(name: str) -> None:
    say(f"{name} began")
    block_at(name)
    say(f"{name} ended")


async def block_the_loop(name: str) -> None:
    say(f"{name} began")
    block(0.5)
    say(f"{name} ended")


async def compute_on_the_loop(name: str) -> None:
    say(f"{name} began")
    compute(0.5)
    say(f"{name} ended")


def compute_in_thread(name: str) -> None:
    say(f"{name} began")
    compute_until(name)
    say(f"{name} ended")


async def import_on_the_loop(name: str) -> None:
    say(f"{name} began")
    from . import slow_library  # noqa: F401 # only its import is wanted

    say(f"{name} ended")


def import_in_thread(name: str) -> None:
    say(f"{name} began")
    from . import gated_library  # noqa: F401 # only its import is wanted

    say(f"{name} ended")


async def fail(name: str) -> None:
    say(f"{name} began")
    await wait_at(name)
    raise RuntimeError(f"{name} failed")


def tell(name: str) -> None:
    logger.info("%s at level info", name)
    logger.warning("%s at level warning", name)


JOBS = {
    job.__name__: job
    for job in (
        wait,
        wait_in_thread,
        block_the_loop,
        compute_on_the_loop,
        compute_in_thread,
        import_on_the_loop,
        import_in_thread,
        fail,
        tell,
        say,
    )
}


def add_audit(tasks: BackgroundTasks, names: str) -> None:
    tasks.add_task(say, f"audit of {names}")


@app.post("/jobs/{kind}")
async def start(kind: str, names: str, tasks: BackgroundTasks) -> list[str]:
    """Add one task for each name."""
    for name in names.split(","):
        tasks.add_task(JOBS[kind], name)
    return names.split(",")


@app.post("/audited/{kind}", dependencies=[Depends(add_audit)])
async def start_audited(kind: str, names: str, tasks: BackgroundTasks) -> list[str]:
    return await start(kind, names, tasks)


@app.post("/chain")
async def start_chain(tasks: BackgroundTasks) -> str:
    tasks.add_task(say, "step one")
    tasks.add_task(fail, "step two")
    tasks.add_task(say, "step three")
    return "processing"


@app.post("/after-gate")
async def answer_late(name: str, tasks: BackgroundTasks) -> str:
    """Add a task and answer when the gate opens: the client may be gone by then."""
    say(f"{name} asked")
    await wait_at(name)
    tasks.add_task(say, f"{name} ran")
    return name


@app.post("/logging")
async def configure_logging() -> None:
    logging.basicConfig(level=logging.INFO)


@app.post("/bodies")
async def keep_body(request: Request, tasks: BackgroundTasks) -> int:
    tasks.add_task(wait, "bodies")
    return len(await request.body())


@app.get("/requests-alive")
async def count_requests() -> int:
    gc.collect()
    # FastAPI makes two Request objects for each scope.
    return len({id(each.scope) for each in gc.get_objects() if isinstance(each, Request)})


async def pass_through(request: Request, call_next: RequestResponseEndpoint) -> Response:
    return await call_next(request)


behind = FastAPI()
behind.add_middleware(BaseHTTPMiddleware, dispatch=pass_through)
behind.post("/after-gate")(answer_late)
behind.post("/jobs/{kind}")(start)
app.mount("/behind-middleware", behind)


pool: queue.Queue[str] = queue.Queue()
for name in ("connection 1", "connection 2"):
    pool.put(name)


def take_connection(name: str) -> Iterator[str]:
    """Lend a connection, as the pool of a database does: wait a little, then raise."""
    connection = pool.get(timeout=0.5)
    yield connection
    pool.put(connection)
    say(f"{name} gave back")


@app.post("/pooled")
async def start_pooled(
    name: str, connection: Annotated[str, Depends(take_connection)], tasks: BackgroundTasks
) -> str:
    tasks.add_task(wait, name)  # it does not touch the connection
    return connection
