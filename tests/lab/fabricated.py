"""Made-up figures, to test the tables and pages that are made of measured ones."""

from lab.compare.figures import Count, Figures, Latency

GOOD = Figures(
    approach="02_asyncio_create_task",
    title="asyncio.create_task",
    accepted=Count(29, 29),
    emails=Count(20, 20),
    reports=Count(3, 3),
    pictures=Count(6, 6),
    pictures_outside_api=Count(0, 6),
    accept=Latency(1234.0, 5678.0),
    accept_by_kind={"email": Latency(12.0, 34.0)},
    last_job_ended_s=123.4,
    worst_healthz_ms=1234.0,
    healthz_answers=99,
    healthz_failures=0,
    arrived_after_kill=Count(8, 8),
    second_copies_after_kill=0,
    code_lines=234,
)
