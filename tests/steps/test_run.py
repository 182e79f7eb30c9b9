"""`make 01/s1` shows what it runs and what to try, follows the file, and leaves nothing behind."""

import signal
import subprocess
import time
from pathlib import Path

import httpx
import psutil
import pytest

from lab.processes.ports import claim
from lab.steps.ladder import Step
from lab.steps.run import find_commands, name_values, show_trials
from lab.steps.servers import Servers
from lab.steps.transcript import parse
from tests.support.programs import Program, run_program
from tests.support.stand_ins import running

from .ladder import change


def run(step: Step) -> Program:
    return Program.start("lab", "step", step.short, "--root", str(step.root))


def test_it_shows_the_commands_and_the_lines_to_try_which_work(step: Step) -> None:
    with run(step) as process:
        process.read_until(r"^  fastapi run 01_background_tasks/steps/s1_answer_first.py")
        process.read_until(r"# Who answers\?")
        command = process.read_until(r"(curl .*)")
        process.read_until(r"kill -9 PROCESS_ID")
        process.read_until(r"^What you should see:")
        process.read_until(r"^  01_background_tasks/steps/s1_answer_first.txt")

        answer = subprocess.check_output(command.split(), text=True, timeout=10)

        assert process.read_until(r"api \| asked in process (\d+)") in answer


def test_a_start_in_the_middle_is_shown_unless_it_is_done_for_the_reader(
    step: Step, tmp_path: Path
) -> None:
    start = "fastapi run 01_background_tasks/steps/s1_answer_first.py"
    text = f"$ {start}\n$ curl -sS a\n# {'word ' * 20}\n# Again.\n$ {start}\n$ curl -sS b\n"
    blocks = parse(f"{text}# Two processes.\n$ {start} --workers 2\n$ curl -sS c\n")
    servers = Servers(step, tmp_path / "data", say=print, grace_s=1.0)

    lines = show_trials(servers, blocks, find_commands(step, blocks))

    assert [line.strip() for line in lines if line.startswith("  ")][:-1] == [
        "curl -sS a",
        "# The api is started again for you as a new process; wait until it is ready.",
        f"# {'word ' * 14}word",
        f"# {'word ' * 4}word",
        "# Again.",
        "curl -sS b",
        "# Two processes.",
        "# In the first terminal, after `source .venv/bin/activate`:",
        servers.with_port(f"{start} --workers 2"),
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_all_of_it_at_once(step: Step, number: signal.Signals) -> None:
    with run(step) as process:
        url = process.read_until(r"curl -sS (\S+)")
        pids = process.below()
        assert httpx.get(url).status_code == 200

        process.send_signal(number)

        assert process.wait(10) == 0
        assert running(pids) == []


def test_a_taken_port_is_said_and_the_next_one_used(step: Step) -> None:
    taken = claim(8000)
    while taken.number != 8000:  # another test runs a step, and lets go of the port when it ends
        taken.release()
        time.sleep(0.2)
        taken = claim(8000)
    try:
        with run(step) as process:
            port = process.read_until(r"port 8000 is taken, using (\d+)")
            process.read_until(rf"fastapi run .* --port {port}")
            assert port in process.read_until(r"(curl .*)")
    finally:
        taken.release()


def test_a_killed_server_is_started_again_and_a_saved_one_too(step: Step) -> None:
    with run(step) as process:
        url = process.read_until(r"curl -sS (\S+)")
        first = httpx.get(url).json()["pid"]
        psutil.Process(first).kill()
        process.read_until(rf"the api \(process {first}\) has ended; starting it again")
        process.read_until("Uvicorn running on")  # the port is open only now

        change(step.path, '{"pid": os', '{"saved": os')

        process.read_until("was saved; starting the api again")
        process.read_until("Uvicorn running on")
        assert httpx.get(url).json().keys() == {"saved"}


def test_a_broken_file_is_said_once_and_started_again_when_it_is_mended(step: Step) -> None:
    with run(step) as process:
        url = process.read_until(r"curl -sS (\S+)")
        change(step.path, "import os", "import os, no_such_module")
        process.read_until("No module named 'no_such_module'")
        process.read_until("save the file to start it again")

        change(step.path, "import os, no_such_module", "import os")

        process.read_until("Uvicorn running on")
        assert httpx.get(url).status_code == 200


def test_only_an_id_that_a_server_prints_gets_a_name() -> None:
    made_up = "curl http://127.0.0.1:8000/tasks/00000000-0000-4000-8000-000000000000"

    assert name_values("kill -9 4711", {"4711"}) == "kill -9 PROCESS_ID"
    assert name_values(made_up, {"4711"}) == made_up


def test_a_part_of_an_id_is_no_port(step: Step, tmp_path: Path) -> None:
    servers = Servers(step, tmp_path, say=print, grace_s=1)
    servers.port = 8001

    shown = servers.put_ports("curl http://127.0.0.1:8000/00000000-0000-4000-8000-000000000000")

    assert shown == "curl http://127.0.0.1:8001/00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("name", ["01/s9", "05/s1", "s1"])
def test_a_wrong_name_ends_in_a_sentence_with_the_right_ones(name: str) -> None:
    done = run_program(["lab", "step", name])

    assert done.returncode == 2
    assert done.stderr.startswith(f"lab: there is no step {name!r}; the steps are ")
    assert done.stderr.count("\n") == 1
