"""What the end of a Celery worker does to the task that it runs."""

import os
import signal

import pytest

from tests.claims.conftest import Saw
from tests.claims.serving import Watched
from tests.support.waiting import wait_until

from .broker import Broker, Conf

LATE = {"task_acks_late": True}
SAFE = LATE | {"task_reject_on_worker_lost": True}
SWEPT = {
    "broker_transport_options": {
        "visibility_timeout": 1,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }
}


def start_job(broker: Broker, worker: Watched) -> str:
    """Let the worker begin with a job that waits; return its id."""
    result = broker.send("held", "job")
    worker.wait_for("job began")
    broker.wait_until_known()
    return str(result.id)


def find_pid(worker: Watched) -> int:
    """Return the process id of the child that runs the job."""
    return int(next(each for each in worker.said() if "runs in" in each).split()[-1])


@pytest.mark.parametrize(("conf", "runs"), [({}, 1), (LATE, 1), (SAFE, 2)])
def test_c42_task_of_a_killed_child_runs_again(
    broker: Broker, conf: Conf, runs: int, saw: Saw
) -> None:
    with broker.worker(conf) as worker:
        task_id = start_job(broker, worker)

        os.kill(find_pid(worker), signal.SIGKILL)

        if runs == 2:
            worker.wait_for("job began", times=2)
        else:
            result = broker.celery.AsyncResult(task_id)
            wait_until("it failed", lambda: result.state, lambda state: state == "FAILURE")
            assert "WorkerLostError" in repr(result.result)
        assert worker.said().count("job began") == runs
    outcome = "its task ran again" if runs == 2 else "its task FAILED with WorkerLostError"
    saw(f"Child killed, settings {', '.join(conf) or 'by default'}: {outcome}.")


def test_c42_task_that_kills_its_process_never_ends(broker: Broker, saw: Saw) -> None:
    with broker.worker(SAFE) as worker:
        broker.send("poison")

        worker.wait_for("poison", times=3)
    saw("With these settings a task that kills its own process was run 3 times, and no end to it.")


def test_c43_task_of_a_killed_worker_waits_for_the_sweep(broker: Broker, saw: Saw) -> None:
    with broker.worker(SAFE) as worker:
        start_job(broker, worker)
        worker.part.kill9(group=True)
    assert (broker.count_queued(), broker.count_unacked()) == (0, 1)

    with broker.worker(SAFE) as other:
        other.outlives(3)
        assert other.said() == []
    with broker.worker(SAFE | SWEPT) as third:
        third.wait_for("job began")

    saw(
        "Parent and child killed: the message stayed among the unacknowledged ones, and by default"
        " (visibility timeout 3600 s) another worker did not get it. With a visibility timeout,"
        " unacked_restore_interval and unacked_restore_throttle of 1 it ran."
    )


def test_c44_short_visibility_timeout_runs_a_task_several_times(broker: Broker, saw: Saw) -> None:
    with broker.worker(SAFE | SWEPT, concurrency=3) as worker:
        broker.send("held", "job")
        worker.wait_for("job began", times=3)
        assert "job ended" not in worker.said()

        broker.send("quick", "later", countdown=4)
        worker.open("job")
        worker.wait_for("later", times=2)
    with broker.worker(SWEPT, concurrency=3) as early:
        broker.send("held", "early")
        early.wait_for("early began")
        early.outlives(3)
        assert early.said().count("early began") == 1

    saw(
        "Visibility timeout 1 s, acks_late: one longer task was running 3 times at once, and one"
        " with a countdown of 4 s ran more than once. Without acks_late: once."
    )


def test_c45_term_waits_and_quit_gives_the_task_back(broker: Broker, saw: Saw) -> None:
    with broker.worker(LATE) as worker:
        start_job(broker, worker)
        worker.part.term()
        assert worker.outlives(1)
        worker.open("job")
        worker.part.wait_exit()
        assert worker.said()[-1] == "job ended"
    (broker.gates / "job").unlink()
    with broker.worker(LATE) as worker:
        start_job(broker, worker)
        worker.part.send(signal.SIGQUIT)
        worker.part.wait_exit()

    assert (broker.count_queued(), broker.count_unacked()) == (1, 0)
    saw("TERM: the worker waited until the task ended. QUIT, acks_late: back in the queue at once.")


@pytest.mark.parametrize(("conf", "unacked"), [(LATE, 1), ({}, 0)])
def test_c45_term_then_kill_strands_or_loses_the_task(
    broker: Broker, conf: Conf, unacked: int, saw: Saw
) -> None:
    with broker.worker(conf) as worker:
        start_job(broker, worker)
        worker.part.term()
        assert worker.outlives(0.5)
        worker.part.kill9(group=True)

    assert (broker.count_queued(), broker.count_unacked()) == (0, unacked)
    where = "left among the unacknowledged (see C43)" if unacked else "lost"
    saw(f"TERM, then KILL, {'acks_late' if unacked else 'by default'}: the task was {where}.")
