"""01 as it is often written: the blocking job is an `async def`, so it runs on the event loop."""

from importlib import import_module
from typing import Any

main: Any = import_module("01_background_tasks.main")
run_in_thread = main.run_in_thread


async def run_on_the_loop(task: Any, arguments: dict[str, Any]) -> None:
    run_in_thread(task, arguments)  # nothing is awaited: the loop waits until the job has ended


main.run_in_thread = run_on_the_loop
app: Any = main.app
