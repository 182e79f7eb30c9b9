"""CPU-bound work of one recipe. A job process imports this module and nothing of the web."""

from math import isqrt

from scenarios.contract import JSONDict
from scenarios.status import ReportProgress

STEP = 1_000_000  # numbers at once: memory stays bounded, and progress is told


def count_primes(task_id: str, up_to: int, report_progress: ReportProgress) -> JSONDict:
    """Count the primes up to and with `up_to`: a sieve of Eratosthenes, one step at a time."""
    report_progress(0)
    small = [n for n in range(2, isqrt(up_to) + 1) if all(n % d for d in range(2, isqrt(n) + 1))]
    found = 0
    for start in range(2, up_to + 1, STEP):
        end = min(start + STEP, up_to + 1)
        found += count_in(start, end, small)
        report_progress(100 * (end - 2) // (up_to - 1))
    return {"up_to": up_to, "primes": found}


def count_in(start: int, end: int, small: list[int]) -> int:
    """Count the primes from `start` to before `end`; `small` holds those up to its root."""
    is_prime = bytearray(b"\x01") * (end - start)
    for prime in small:
        if prime * prime >= end:
            break
        first = max(prime * prime, -(-start // prime) * prime) - start
        is_prime[first::prime] = bytes(len(range(first, end - start, prime)))
    return sum(is_prime)
