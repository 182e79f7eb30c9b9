"""The benchmark measures in processes of its own, and says so when a target is missed."""

import json
import os
import subprocess
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from redis import Redis

from bench.picture import make_svg
from bench.programs import PROGRAMS, Program, find_program
from bench.rounds import explain, measure_all, run_alone
from bench.rows import ROWS, Row
from bench.table import make_bench_table, read_benchmark
from bench.verdicts import Figure, judge
from lab.approaches import ROOT
from lab.machine import describe_machine
from lab.processes.stack import Stack
from tests.support.programs import run_program
from tests.support.waiting import wait_until

FASTER = Row("speed", "memory", 6, at_least=True, peer="taskiq")
SMALLER = Row("size", "waiting", 1024, at_least=False)


def fast_and_slow(ours: float, peer: float) -> dict[str, Figure]:
    return {"memory": Figure((ours, 1.0, 1e6)), "taskiq": Figure((peer,))}


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_run_without_peers_prints_its_table_and_writes_three_files(tmp_path: Path) -> None:
    words = ["--folder", str(tmp_path), "--rounds", "1", "--scale", "0", "--no-peers"]

    done = run_program(["bench", *words])

    assert done.returncode == 0, done.stderr
    assert "s: 04 in memory" in done.stdout
    assert "memory of a waiting task" in done.stdout
    content = json.loads((tmp_path / "bench.json").read_bytes())
    assert {row["met"] for row in content["rows"]} <= {"yes", "no"}, content
    assert content["programs"]["memory"]["median"] > 0
    assert content["machine"]["command"] == " ".join(["python -m bench", *words])
    assert "| memory of a waiting task |" in (tmp_path / "bench.md").read_text()
    assert (tmp_path / "bench.svg").read_text().startswith("<svg")


def test_durable_programs_measure_with_tiny_numbers(tmp_path: Path) -> None:
    programs = {name: replace(PROGRAMS[name], count=200) for name in ("enqueue", "durable")}

    figures = measure_all(programs, 1, tmp_path, {}, print)

    assert figures.keys() == programs.keys()
    assert all(figure.median > 0 for figure in figures.values()), figures


def test_programs_that_keep_much_measure_with_tiny_numbers(tmp_path: Path) -> None:
    kept = {name: each for name, each in PROGRAMS.items() if each.module.startswith("kept.")}
    programs = {name: replace(each, count=600) for name, each in kept.items()}
    with Stack(tmp_path / "lab", say=print) as stack:
        env = {**os.environ, "REDIS_URL": stack.start_valkey().url}

        figures = measure_all(programs, 1, tmp_path, env, print)

    assert not {name: figure.missing for name, figure in figures.items() if figure.missing}
    assert len(figures) == 3 * len(kept)
    rows = [row for row in ROWS if find_program(row.ours).module.startswith("kept.")]
    assert {row.ours.partition("/")[0] for row in rows} == set(kept)


@pytest.mark.parametrize(("ours", "met"), [(600.0, "yes"), (599.0, "no")])
def test_a_ratio_of_medians_meets_its_target_or_not(ours: float, met: str) -> None:
    verdict = judge(FASTER, fast_and_slow(ours, 100.0))

    assert verdict.met == met
    assert verdict.target == ">= 6 x"
    assert "(1-1\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000)" in verdict.measured


@pytest.mark.parametrize(("size", "met"), [(1024.0, "yes"), (1025.0, "no")])
def test_a_limit_is_met_up_to_its_value(size: float, met: str) -> None:
    verdict = judge(SMALLER, {"waiting": Figure((size,))})

    assert (verdict.met, verdict.ratio, verdict.against) == (met, "", "")


def test_a_row_without_a_target_tells_and_does_not_judge() -> None:
    row = replace(FASTER, target=None)

    verdict = judge(row, fast_and_slow(300.0, 100.0))

    assert (verdict.ratio, verdict.target, verdict.met) == ("3 x", "none", "-")
    assert verdict.what not in make_svg([verdict], describe_machine([]))


def test_a_program_that_needs_one_round_is_run_once(tmp_path: Path) -> None:
    programs = {"waiting": replace(PROGRAMS["waiting"], count=640, once=True)}
    said: list[str] = []

    figures = measure_all(programs, 3, tmp_path, {}, said.append)

    assert len(figures["waiting"].values) == len(said) == 1


def test_a_program_begins_without_the_messages_of_the_one_before(tmp_path: Path) -> None:
    program = replace(PROGRAMS["waiting"], count=640, valkey=True)
    with Stack(tmp_path / "lab", say=print) as stack:
        url = stack.start_valkey().url
        with Redis.from_url(url) as redis:
            redis.lpush("default", "a message that nobody took")

            measure_all({"waiting": program}, 1, tmp_path, {**os.environ, "REDIS_URL": url}, print)

            assert redis.dbsize() == 0


def test_a_missing_peer_is_told_in_its_row_and_the_rest_is_measured(tmp_path: Path) -> None:
    absent = Program("no_module", 1, "tasks/s", "a peer", needs="no_such_package")

    figures = measure_all({"taskiq": absent}, 1, tmp_path, {}, print)
    verdict = judge(FASTER, figures | {"memory": Figure((600.0,))})

    assert verdict.met == "not measured"
    assert "no_such_package is not installed" in verdict.against
    assert verdict.measured.startswith("04 in memory: 600 tasks/s")


def test_a_program_that_fails_is_told_with_its_reason(tmp_path: Path) -> None:
    broken = Program("no_module", 1, "tasks/s", "broken")

    figures = measure_all({"broken": broken}, 2, tmp_path, {}, print)

    assert "no_module failed" in figures["broken"].missing
    assert "No module named" in figures["broken"].missing


def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    command = ["sh", "-c", f"sleep 60 & echo $! > {pid}; wait"]

    with pytest.raises(subprocess.TimeoutExpired) as hung:
        run_alone(command, {"PATH": "/usr/bin:/bin"}, timeout_s=2)

    assert explain(hung.value) == "it took longer than 2 s"
    wait_until("what it started is gone", lambda: is_gone(int(pid.read_text())))


def test_table_and_picture_say_what_was_missed() -> None:
    verdicts = [judge(FASTER, fast_and_slow(300.0, 100.0))]
    machine = describe_machine([])

    assert "| 3 x | >= 6 x | no |" in make_bench_table(verdicts, machine, 5)
    assert "3 x, target &gt;= 6 x" in make_svg(verdicts, machine)


def test_published_picture_is_drawn_from_the_published_figures() -> None:
    published = read_benchmark(ROOT / "docs" / "results" / "bench.json")

    drawn = make_svg(published.rows, published.machine)

    assert (ROOT / "docs" / "results" / "bench.svg").read_text(encoding="utf-8") == drawn
    assert "<title" in drawn
    assert "<desc" in drawn


def test_every_row_names_figures_that_a_program_gives() -> None:
    for row in ROWS:
        for name in (row.ours, row.peer):
            program = find_program(name) if name else None
            part = (name or "").partition("/")[2]
            assert program is None or find_spec(f"bench.{program.module}")
            assert program is None or part in (program.parts or {"": ""}), name
