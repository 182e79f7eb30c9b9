"""How do I answer before the work is done?

    fastapi dev 02_asyncio_create_task/steps/s1_answer_first.py

`create_task` lets the job begin at the next `await`, which here comes before the answer. So
watch which line comes first: "sending", or the one of the request. `s1_answer_first.txt` shows
what to type and what happens.
"""

import asyncio

from fastapi import FastAPI

app = FastAPI()


async def send_email(to: str) -> None:
    print(f"sending to {to}")
    if "@" not in to:
        raise ValueError(f"cannot deliver to {to!r}: no '@' in the address")
    await asyncio.sleep(2)  # stands for a mail server that takes its time
    print(f"sent to {to}")


@app.post("/emails", status_code=202)
async def create_email(to: str) -> dict[str, str]:
    asyncio.create_task(send_email(to))  # noqa: RUF006 - step 3 shows what this line lacks
    await asyncio.sleep(0.1)  # stands for a query to a database
    return {"status": "queued"}
