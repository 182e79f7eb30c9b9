"""E-mails a second that Celery sends to a slow mail server, for each number of worker processes.

COUNT e-mails for each process; the e-mail is the one of the repository, its worker too.
"""

from pathlib import Path

import httpx

from bench.apps.ends import wait_for_ends
from bench.program import run_program
from lab.processes.stack import Stack
from lab.survival.posting import emails, post_all

NAME, DELAY_S = "03_celery", 0.05


def deliver(stack: Stack, url: str, processes: int, count: int) -> float:
    """Have `count` e-mails sent, and a few before; return e-mails a second."""
    worker = stack.start_worker(f"mails{processes}", concurrency=processes)
    data_dir, warm = stack.data_dir / NAME, 2 * processes
    before = len(wait_for_ends(data_dir, 0))
    post_all(emails(url, warm + count))
    ends = wait_for_ends(data_dir, before + warm + count)[before:]
    stack.stop(worker.name)
    # The first e-mail of each process imports and connects; it ends the time before the measured.
    begin_s, end_s = float(ends[warm - 1]["t"]), float(ends[-1]["t"])
    return count / (end_s - begin_s)


def measure(count: int, folder: Path, *processes: str) -> dict[str, float]:
    """Return e-mails a second by number of processes."""
    with Stack(folder / "lab", say=lambda line: None, grace_s=0) as stack:
        mailbox = stack.start_mailbox()
        app = stack.start(NAME, env={"SMTP_URL": stack.smtp_url}, without={"worker", "mailbox"})
        httpx.put(f"{mailbox.url}/behaviour", json={"delay_s": DELAY_S}).raise_for_status()
        return {n: deliver(stack, app.url, int(n), count * int(n)) for n in processes}


if __name__ == "__main__":
    run_program(measure)
