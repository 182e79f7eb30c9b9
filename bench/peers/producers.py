"""Producers for peers: threads where the peer blocks, else tasks of one event loop."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

THREADS = (1, 64)  # a peer is measured with each, and its better figure counts
DEADLINE_S, POLL_S = 40, 0.005


def produce(send: Callable[[], object], count: int, threads: int) -> None:
    """Call `send` `count` times, a multiple of `threads`, in equal parts."""

    def send_part() -> None:
        for _ in range(count // threads):
            send()

    with ThreadPoolExecutor(threads) as pool:
        for part in [pool.submit(send_part) for _ in range(threads)]:
            part.result()


def time_sending(
    send: Callable[[], object], finish: Callable[[], object], count: int
) -> dict[str, float]:
    """Send `count` tasks from one thread; `finish` ends when all of them have ended.

    Returns tasks a second, sent and finished.
    """
    start = time.perf_counter()
    for _ in range(count):
        send()
    sent_s = time.perf_counter() - start
    finish()
    return {"enqueue": count / sent_s, "finish": count / (time.perf_counter() - start)}


async def time_producers(
    send: Callable[[], Awaitable[object]], count_left: Callable[[], Awaitable[int]], count: int
) -> dict[str, float]:
    """Send `count` tasks with 64 producers on one event loop, as in the queue of 04.

    Returns tasks a second, sent and finished.
    """

    async def send_part(part: int) -> None:
        for _ in range(part):
            await send()

    async def drain() -> None:
        async with asyncio.timeout(DEADLINE_S):
            while await count_left():  # noqa: ASYNC110 - arq and saq tell of single jobs only
                await asyncio.sleep(POLL_S)

    await send_part(1)
    await drain()  # the worker is ready
    start = time.perf_counter()
    await asyncio.gather(*(send_part(count // THREADS[-1]) for _ in range(THREADS[-1])))
    sent_s = time.perf_counter() - start
    await drain()
    return {"enqueue": count / sent_s, "finish": count / (time.perf_counter() - start)}
