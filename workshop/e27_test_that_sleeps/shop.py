"""The shop that is tested: SHOP names the way in which it is broken; without one it is right."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI, HTTPException

SHOP = os.environ.get("SHOP", "right")
app = FastAPI()
workers = ThreadPoolExecutor(2)
outbox: list[str] = []  # what the mail server got
users: dict[str, str] = {}


def send_welcome(name: str) -> None:
    time.sleep({"slow": 4.5}.get(SHOP, 0.8))
    if SHOP == "fails":
        users[name] = "failed"
        return
    if SHOP not in ("never", "lies"):
        outbox.append("bob@example.com" if SHOP == "wrong address" else f"{name}@example.com")
    if SHOP in ("twice", "copy"):
        outbox.append(f"{name if SHOP == 'twice' else 'bob'}@example.com")
    if SHOP != "never":
        users[name] = "welcomed"


@app.post("/users/{name}", status_code=200 if SHOP == "wrong code" else 202)
def create_user(name: str) -> dict[str, str]:
    users[name] = "queued"
    if SHOP == "in the handler":
        send_welcome(name)
    else:
        workers.submit(send_welcome, name)
    return {"status": users[name], "status_url": f"/users/{name}"}


@app.get("/users/{name}")
def read_user(name: str) -> dict[str, str]:
    if name not in users:
        raise HTTPException(404, f"no user {name!r}")
    return {"status": users[name]}
