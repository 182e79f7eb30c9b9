"""Connections that only stand there cost no accepted job its files."""

import resource
import socket
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import psutil

from tests.support.client import Api, accepted_id
from tests.support.running import Running
from tests.support.waiting import wait_until

FEW = 256  # descriptors


def test_jobs_that_were_accepted_end_beside_more_connections_than_descriptors(
    running: Running,
) -> None:
    name, hard = running.approach.name, resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, hard[1]))  # what the app inherits
    try:
        part = running.stack.start(
            name, label=f"{name}-few", env={"DATA_DIR": str(running.data_dir)}
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, hard)
    assert psutil.Process(part.pid).rlimit(psutil.RLIMIT_NOFILE)[0] == FEW
    address = urlsplit(part.url)
    with closing(Api(part.url)) as api, ExitStack() as idle:
        with running.inbox.holding():
            task_ids = [accepted_id(api.post_email()) for _ in range(4)]
            for _ in range(FEW + 50):
                idle.enter_context(socket.create_connection((address.hostname, address.port), 5))
        ended = [api.wait_until_final(task_id) for task_id in task_ids]
        log, open_files = part.log_text(), psutil.Process(part.pid).num_fds()

    assert [task.status for task in ended] == ["succeeded"] * 4, [task.error for task in ended]
    assert "Too many open files" not in log
    assert open_files < FEW - 64  # there is room for what the next jobs open
    with closing(Api(part.url)) as api:
        wait_until("the app takes jobs again", api.answers)
        accepted_id(api.post_email())
