"""Milliseconds to find the file of a task, and to remove all that belongs to one, among COUNT.

COUNT results in a folder to find one in; or as many tasks with two orders each, of which 200 also
have an upload, a result and an entry in the search index, and go. That is time of the processor, as
waiting for the disk is the same for all.
"""

import os
import time
from functools import partial
from pathlib import Path

from bench.program import run_program

from .sizes import at_each_size, quickest_ms

TOGETHER = 200  # as many as the queue of 04 lets go in one step


def measure(count: int, folder: Path, what: str) -> dict[str, float]:
    """Return milliseconds at each size, for one task."""
    os.environ["DATA_DIR"] = str(folder)
    from scenarios import TaskStatus, files
    from scenarios.contract import Kind, Status, new_task_id
    from scenarios.pictures import picture_index
    from scenarios.reports import orders

    files.make_folders()
    ids: list[str] = []

    def add(have: int, size: int) -> None:
        new = [new_task_id() for _ in range(have, size)]
        ids.extend(new)
        if what == "find":
            for task_id in new:
                files.result_path(task_id, ".png").touch()
            return
        rows = [(task_id, "2026-11-02", "North", "Tea", 1, 450) for task_id in new * 2]
        with orders.connect() as database:
            database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", rows)

    def find() -> None:
        facts = {"kind": Kind.IMAGE, "status": Status.SUCCEEDED, "result": {"format": "PNG"}}
        assert files.find_result(TaskStatus(task_id=ids[0], **facts))

    def forget_ms() -> float:
        took_ms = []
        for _ in range(3):
            add(0, TOGETHER)
            last = ids[-TOGETHER:]
            picture_index.fill(last, "PNG blur 640x480")
            for task_id in last:
                files.result_path(task_id, ".png").touch()
                files.upload_path(task_id).touch()
            start = time.process_time()
            files.forget(last)
            took_ms.append((time.process_time() - start) * 1000 / TOGETHER)
            del ids[-TOGETHER:]
        return min(took_ms)

    return at_each_size(count, add, partial(quickest_ms, find) if what == "find" else forget_ms)


if __name__ == "__main__":
    run_program(measure)
