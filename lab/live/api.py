"""The HTTP side of the live page: the page itself, its events, and what a reader may ask for."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from lab.errors import LabError
from lab.mailbox.own_site import OwnSiteOnly
from lab.plain_http import TRUSTS_NOBODY

from .controller import Live, Refused
from .presets.free_play import post
from .presets.preset import Kind
from .recording import to_json

ASSETS = Path(__file__).with_name("assets")
COMMENT_S, GATHER_S = 10.0, 0.05
MOST_JOBS = 500
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
    " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Asked(BaseModel):
    """A body of a request; a field that it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class Start(Asked):
    """A run to begin."""

    preset: str
    lanes: list[str] = Field(default_factory=list, description="None: all of the preset.")
    jobs: int | None = Field(None, ge=1, le=MOST_JOBS)
    kind: Kind | None = None
    length_s: float = Field(1.0, ge=0, le=60)
    variant: str = ""
    workers: int | None = Field(None, ge=1, le=16, description="Jobs at once, in 03 and 04.")
    ask: bool = Field(True, description="Wait before the fault for the reader's guess.")


Guess = Annotated[int, Field(ge=0, le=MOST_JOBS)]
Hands = Annotated[int, Field(ge=0, le=10_000)]


class Go(Asked):
    """Guesses by lane; `hands` counts how many people of a group guessed each number."""

    guesses: dict[str, Guess] = Field(default_factory=dict)
    hands: dict[str, dict[str, Hands]] = Field(default_factory=dict)


class Break(Asked):
    """A fault of free play, in all lanes that can have it if none is named."""

    fault: str
    lanes: list[str] = Field(default_factory=list)


class Jobs(Asked):
    """Jobs of free play."""

    kind: Kind = "email"
    count: int = Field(1, ge=1, le=MOST_JOBS)
    lanes: list[str] = Field(default_factory=list)


def make_app(live: Live) -> FastAPI:
    """Build the app around one controller; the page carries the token that every POST needs."""
    token = secrets.token_urlsafe(18)
    app = FastAPI(title="Live page of the lab", docs_url=None, redoc_url=None)
    app.add_middleware(OwnSiteOnly)
    app.include_router(page_routes(token))
    app.include_router(run_routes(live))
    app.include_router(past_routes(live))
    app.include_router(asking_routes(live), dependencies=[Depends(need_token(token))])
    app.mount("/assets", StaticFiles(directory=ASSETS))
    site = live.root / "site"
    if (site / "index.html").exists():
        app.mount("/site", StaticFiles(directory=site, html=True))

    @app.middleware("http")
    async def add_safe_headers(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await answer(request)
        if not request.url.path.startswith("/site/"):
            for name, value in SAFE.items():
                response.headers.setdefault(name, value)
        return response

    @app.exception_handler(Refused)
    async def refuse(request: Request, error: Refused) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 409)

    @app.exception_handler(LabError)
    async def say_what_is_wrong(request: Request, error: LabError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    return app


def need_token(token: str) -> Callable[[str], None]:
    """Return a check that a request carries the token of the page."""

    def check(x_token: Annotated[str, Header()] = "") -> None:
        if not secrets.compare_digest(x_token.encode(), token.encode()):
            raise HTTPException(403, "this needs the token that the page carries: load it anew")

    return check


def page_routes(token: str) -> APIRouter:
    """Serve the page."""
    routes = APIRouter()

    @routes.get("/", response_class=HTMLResponse)
    def show_page() -> HTMLResponse:
        text = (ASSETS / "page.html").read_text(encoding="utf-8")
        return HTMLResponse(text.replace("{token}", token))

    return routes


def run_routes(live: Live) -> APIRouter:
    """Serve the state of the page, and the events of the run."""
    routes = APIRouter(prefix="/api")

    @routes.get("/state")
    def read_state() -> dict[str, Any]:
        return {
            "presets": live.list_presets(),
            "attached": live.is_attached,
            "site": (live.root / "site" / "index.html").exists(),
            "phase": live.phase,
        }

    @routes.get("/events", response_class=EventSourceResponse)
    async def read_events(
        last_event_id: Annotated[str, Header()] = "",
    ) -> AsyncIterator[ServerSentEvent]:
        async for event in follow(live, last_event_id):
            yield event

    return routes


def past_routes(live: Live) -> APIRouter:
    """Serve the earlier runs, and the files that jobs have made."""
    routes = APIRouter(prefix="/api")

    @routes.get("/runs")
    def list_runs() -> list[dict[str, Any]]:
        return [
            {
                "number": number,
                "title": each.about.title,
                "preset": each.about.preset,
                "variant": each.about.variant,
                "jobs": each.about.jobs,
                "at": each.about.machine.measured_at,
            }
            for number, each in reversed(live.history)
        ]

    @routes.get("/runs/{number}/recording")
    def read_recording(number: int) -> Response:
        if not (recording := live.find_recording(number)):
            raise HTTPException(404, f"no run {number} has ended, or it is forgotten")
        name = f"run-{number}-{recording.about.preset}.json"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(to_json(recording), media_type="application/json", headers=headers)

    @routes.get("/results/{lane}/{task_id}")
    def read_result(lane: int, task_id: str) -> Response:
        """Hand on the PDF or the picture that a job has made."""
        playing = live.playing
        if (
            not playing
            or lane not in playing.trials
            or task_id not in playing.trials[lane].accepted
        ):
            raise HTTPException(404, f"this run has no job {task_id[:80]!r} in lane {lane}")
        url = f"{playing.trials[lane].api_url}/tasks/{task_id}/result"
        try:
            answer = httpx.get(url, trust_env=False, verify=TRUSTS_NOBODY, timeout=10)
        except httpx.TransportError as error:
            raise HTTPException(502, f"the API of this lane does not answer: {error}") from None
        if not answer.is_success:
            raise HTTPException(answer.status_code, answer.text[:200])
        kept = {
            name: answer.headers[name]
            for name in ("content-type", "content-disposition")
            if name in answer.headers
        }
        return Response(answer.content, headers=kept)

    return routes


def asking_routes(live: Live) -> APIRouter:
    """Serve what a reader may ask for; it changes something, so the token is needed."""
    routes = APIRouter(prefix="/api")

    @routes.post("/runs", status_code=201)
    def start_run(body: Start) -> dict[str, int]:
        run = live.start(body.preset, **body.model_dump(exclude={"preset"}))
        return {"number": run.number}

    @routes.post("/go", status_code=204)
    def go(body: Go) -> None:
        live.go(body.guesses, body.hands)

    @routes.post("/faults", status_code=202)
    def break_something(body: Break) -> dict[str, str]:
        live.break_something(body.lanes, body.fault)
        return {"fault": body.fault}

    @routes.post("/jobs", status_code=202)
    def post_jobs(body: Jobs) -> dict[str, int]:
        live.do(body.lanes, post(body.kind, body.count))
        return {"count": body.count}

    @routes.post("/count", status_code=202)
    def count() -> dict[str, str]:
        live.count()
        return {"status": "counting"}

    @routes.post("/reset", status_code=202)
    async def reset() -> dict[str, str]:
        await run_in_threadpool(live.reset)
        return {"status": "reset"}

    return routes


async def follow(live: Live, last_event_id: str) -> AsyncIterator[ServerSentEvent]:
    """Yield the events of the present run and of those after it, a list of them at a time.

    `last_event_id` is `RUN-COUNT`: so many events of that run were received already.
    """
    run_number, received = _read_id(last_event_id)
    changed, loop = asyncio.Event(), asyncio.get_running_loop()

    def wake() -> None:
        loop.call_soon_threadsafe(changed.set)

    live.followers.add(wake)
    try:
        yield ServerSentEvent(comment="the events of the live page", retry=500)
        while not live.closing:
            changed.clear()
            run = live.playing.run if live.playing else None
            if run and run.number != run_number:
                run_number, received = run.number, 0
            if run and received < len(run.events):
                news = run.events[received : received + 500]
                received += len(news)
                data = json.dumps(news, separators=(",", ":"))
                yield ServerSentEvent(raw_data=data, id=f"{run_number}-{received}")
                await asyncio.sleep(GATHER_S)  # many events make one message
                continue
            try:
                await asyncio.wait_for(changed.wait(), COMMENT_S)
            except TimeoutError:
                yield ServerSentEvent(comment="still there")
    finally:
        live.followers.discard(wake)


def _read_id(last_event_id: str) -> tuple[int, int]:
    with suppress(ValueError):
        number, _, received = last_event_id.partition("-")
        return int(number), max(0, int(received))
    return 0, 0
