"""Producers for peers that block: as many threads as there are producers of our own."""

from collections.abc import Callable
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
