"""How do I answer before the work is done?

    fastapi dev 01_background_tasks/steps/s1_answer_first.py

FastAPI sends the answer first and begins the job after it. A second job of the same request
waits until the first has ended. `s1_answer_first.txt` shows what to type and what happens.
"""

import asyncio

from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


async def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    await asyncio.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


@app.post("/emails", status_code=202)
async def create_email(to: str, background: BackgroundTasks) -> dict[str, str]:
    background.add_task(send_email, to)
    background.add_task(print, f"noted the mail to {to}")  # begins when the one above has ended
    await asyncio.sleep(0.1)  # stands for a query to a database
    return {"status": "queued"}
