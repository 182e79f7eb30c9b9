"""Jobs that are dropped without a word, behind a friendly answer."""

import logging

from fastapi import BackgroundTasks, FastAPI, HTTPException
from fastapi.testclient import TestClient
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse

app = FastAPI()
logging.disable()


def job(name: str) -> None:
    print(f"  {name} ran")


def broken() -> None:
    raise OSError("disk full")


@app.post("/refused")
def refuse(background: BackgroundTasks) -> None:
    background.add_task(job, "the audit line")
    raise HTTPException(409, "taken")  # (1)


@app.post("/replaced")
def replace(background: BackgroundTasks) -> JSONResponse:
    background.add_task(job, "the audit line")
    # The jobs of the request are no part of a response that is returned ready-made. (2)
    return JSONResponse({}, background=BackgroundTask(job, "the job of the own response"))


@app.post("/chained")
def chain(background: BackgroundTasks) -> None:
    background.add_task(broken)  # (3)
    background.add_task(job, "the job behind the broken one")


client = TestClient(app, raise_server_exceptions=False)
for path in ("/refused", "/replaced", "/chained"):
    print(f"POST {path}")
    print(f"  {client.post(path).status_code}")
