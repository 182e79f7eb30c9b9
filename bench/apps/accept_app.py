"""The app of one numbered folder with an e-mail job that does nothing: `bench.apps.accept_app:app`.

BENCH_FOLDER names the folder. With BENCH_BARE its route answers the same and starts no job.
The ledger is off, because it opens a file two or three times a job, which only the tests need.
The log lines of the jobs are off as well, like uvicorn's own log of requests.
"""

import importlib
import inspect
import logging
import os
from typing import Any

from fastapi import Response

from scenarios import WORK, http, ledger
from scenarios.contract import Kind, new_task_id


async def noop(*_: Any, **__: Any) -> None:
    """Do nothing."""


def forget(event: str, task_id: str, **facts: object) -> None:
    """Take the place of `ledger.record`."""


def answer(*_: Any, **__: Any) -> Response:
    """Answer as `start` does."""
    return http.accepted(new_task_id())


async def answer_async(*_: Any, **__: Any) -> Response:
    """Answer as a `start` that awaits does."""
    return answer()


WORK[Kind.EMAIL] = noop
ledger.record = forget
logging.getLogger("scenarios.status").setLevel(logging.WARNING)
# Any: mypy cannot follow an import by name.
main: Any = importlib.import_module(f"{os.environ['BENCH_FOLDER']}.main")
if "BENCH_BARE" in os.environ:
    main.start = answer_async if inspect.iscoroutinefunction(main.start) else answer
app = main.app
