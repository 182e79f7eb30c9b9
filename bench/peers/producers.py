"""Producers for peers: threads where the peer blocks, else tasks of one event loop."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

THREADS = (1, 64)  # a peer is measured with each, and its better figure counts


def produce(send: Callable[[], object], count: int, threads: int) -> None:
    """Call `send` `count` times, a multiple of `threads`, in equal parts."""

    def send_part() -> None:
        for _ in range(count // threads):
            send()

    with ThreadPoolExecutor(threads) as pool:
        for part in [pool.submit(send_part) for _ in range(threads)]:
            part.result()


async def time_producers(
    send: Callable[[], Awaitable[object]], drain: Callable[[], Awaitable[None]], count: int
) -> dict[str, float]:
    """Send `count` tasks with 64 producers on one event loop, as in the queue of 04.

    `drain` waits until none is left. Returns tasks a second, sent and finished.
    """

    async def send_part(part: int) -> None:
        for _ in range(part):
            await send()

    await send_part(1)
    await drain()  # the worker is ready
    start = time.perf_counter()
    await asyncio.gather(*(send_part(count // THREADS[-1]) for _ in range(THREADS[-1])))
    sent_s = time.perf_counter() - start
    await drain()
    return {"enqueue": count / sent_s, "finish": count / (time.perf_counter() - start)}
