"""`await put()` hangs the request at a full queue, `put_nowait` says no; `join` may never end."""

import asyncio


async def main() -> None:
    queue: asyncio.Queue[str] = asyncio.Queue(maxsize=1)
    queue.put_nowait("first")
    try:
        await asyncio.wait_for(queue.put("second"), timeout=0.2)  # (1)
    except TimeoutError:
        print("await put(): still waiting after the time limit")
    try:
        queue.put_nowait("second")
    except asyncio.QueueFull:
        print("put_nowait(): QueueFull, which a route can make a 503")

    await queue.get()  # a worker that dies now never calls task_done() (2)
    try:
        await asyncio.wait_for(queue.join(), timeout=0.2)
    except TimeoutError:
        print("join(): still waiting, though the queue holds", queue.qsize(), "jobs")


asyncio.run(main())
