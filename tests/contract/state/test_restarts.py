"""uvicorn ends an app by itself: a file was saved, requests were enough, a stop met the start."""

import time
from contextlib import AbstractContextManager
from pathlib import Path

from lab.processes import commands
from tests.support.client import accepted_id, new_address
from tests.support.running import Running
from tests.support.waiting import wait_until


def serve(running: Running, *uvicorn_args: str) -> AbstractContextManager[Running]:
    """Serve the same data once more, with these arguments."""
    return running.another("again", {"DATA_DIR": str(running.data_dir)}, uvicorn_args)


def test_reload_lets_a_running_job_end(running: Running, tmp_path: Path) -> None:
    to = new_address()
    file = tmp_path / "saved.py"
    file.write_text("saved = 0\n")

    with serve(running, "--reload", "--reload-dir", str(tmp_path)) as app:
        with running.inbox.holding():
            accepted_id(app.api.post_email(to))
            running.wait_for_mail_clients(1)
            file.write_text("saved = 1\n")
            wait_until("the change is seen", lambda: "Reloading" in app.part.log_text())
        wait_until("it arrives", lambda: running.inbox.task_ids_sent_to(to))
        wait_until(
            "a new process answers", lambda: app.part.log_text().count("startup complete") == 2
        )
        assert app.api.answers()

    running.send_another_email()
    assert len(running.inbox.task_ids_sent_to(to)) == 1


def test_enough_requests_end_the_process_after_its_jobs(running: Running) -> None:
    to = new_address()

    with serve(running, "--limit-max-requests", "3") as app:  # the first was the lab's
        with running.inbox.holding():
            task_id = accepted_id(app.api.post_email(to))
            running.wait_for_mail_clients(1)
            app.api.answers()
        assert app.part.wait_exit(15) == 0

    running.send_another_email()
    assert running.inbox.task_ids_sent_to(to) == [task_id]
    assert running.events(task_id)[-1]["event"] == "finished"


def test_stop_while_it_starts_ends_it(running: Running) -> None:
    port = running.stack.claim("a second app", 8100)
    command = commands.app(running.approach.folder, port)
    part = running.stack.launch("stopped", command, env=running.part.env, cwd=running.stack.root)
    time.sleep(0.5)
    began = time.monotonic()

    part.term()

    part.wait_exit(15)
    assert time.monotonic() - began < 8
    wait_until("no child is left", lambda: not part.children())
    del running.stack.parts["stopped"]
