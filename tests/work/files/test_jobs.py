"""Jobs of recipes: what is open is never forgotten, what has ended goes with its files."""

from pathlib import Path

import pytest

from scenarios import files, jobs
from scenarios.jobs import JobRecord
from tests.support.environment import environment


def test_open_jobs_are_kept_however_many_came_after_them(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_KEPT", 2)
    first, *others = [JobRecord(name=str(number)) for number in range(5)]
    for job in others:
        job.succeed(None)
    records = {job.name: job for job in (first, *others)}

    jobs.forget_oldest(records)

    assert list(records) == ["0", "3", "4"]


@pytest.mark.parametrize(("ttl_s", "is_kept"), [("0.000001", False), ("60", True)])
def test_files_go_after_the_end_of_their_job(data_dir: Path, ttl_s: str, is_kept: bool) -> None:
    files.make_folders()
    ended, is_open = JobRecord(name="ended"), JobRecord(name="open")
    for job in (ended, is_open):
        files.publish(job.job_id, ".pdf", b"%PDF")
    ended.succeed(None)

    with environment(RESULT_TTL_S=ttl_s):
        jobs.forget_files()

    assert files.result_path(ended.job_id, ".pdf").exists() is is_kept
    assert files.result_path(is_open.job_id, ".pdf").exists()
