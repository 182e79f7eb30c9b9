"""A worker does not belong to the request that filled its queue: the job must carry the trace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import propagate
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
tracer = provider.get_tracer("jobs")
queue: asyncio.Queue[dict[str, str]] = asyncio.Queue()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    worker = asyncio.create_task(work())
    yield
    await queue.join()
    worker.cancel()


app = FastAPI(lifespan=lifespan, telemetry={"tracer_provider": provider, "operation_spans": False})


async def work() -> None:
    while True:
        carried = await queue.get()
        parent = propagate.extract(carried)  # (1)
        with tracer.start_as_current_span("job", context=parent):
            queue.task_done()


@app.post("/forgets", status_code=202)
async def forget() -> None:
    queue.put_nowait({})


@app.post("/carries", status_code=202)
async def carry() -> None:
    carried: dict[str, str] = {}
    propagate.inject(carried)  # (2)
    queue.put_nowait(carried)


with TestClient(app) as client:
    for path in ("/forgets", "/carries"):
        spans.clear()
        client.post(path)
        client.portal.call(queue.join)  # type: ignore[union-attr]  # there is one inside `with`
        [job] = [span for span in spans.get_finished_spans() if span.name == "job"]
        print(path, "job belongs to the trace of its request:", job.parent is not None)
