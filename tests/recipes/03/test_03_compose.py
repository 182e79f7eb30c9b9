"""compose.yaml starts what the lab starts, and asks each part whether it is well."""

import shlex
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.approaches import ROOT
from lab.processes import commands
from lab.processes.part import Process
from tests.recipes.celery_api import CELERY, CeleryApi
from tests.support.programs import start_program

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())  # Any: YAML
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {"api", "worker-high", "worker-default", "worker-low", "beat", "flower"}
MORE = {
    "worker-high": ["--queues", "high"],
    "worker-default": ["--queues", "default"],
    "worker-low": ["--queues", "low", "--autoscale", "4,1"],
}


def as_in_a_container(command: commands.Command) -> list[str]:
    """Return the words without this machine's Python, and with an address others can reach."""
    assert command.words[:2] == [sys.executable, "-m"]
    return [word.replace("127.0.0.1", "0.0.0.0") for word in command.words[2:]]


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("api", commands.app(CELERY, 8003)),
        ("worker-high", commands.worker(CELERY, "high", 2, MORE["worker-high"])),
        ("worker-default", commands.worker(CELERY, "default", 2, MORE["worker-default"])),
        ("worker-low", commands.worker(CELERY, "low", 1, MORE["worker-low"])),
        ("beat", commands.beat(CELERY)),
        ("flower", commands.flower(CELERY, 5555)),
    ],
)
def test_service_runs_the_command_of_the_lab(service: str, command: commands.Command) -> None:
    assert SERVICES[service]["command"] == as_in_a_container(command)


@pytest.mark.parametrize(
    "command",
    [
        commands.worker(CELERY, "jobs", 2),
        commands.worker(CELERY, "high", 2, ["--queues", "high"]),
        commands.worker(CELERY, "others", 2, ["--queues", "default,low"]),
        commands.worker(CELERY, "elastic", 1, ["--autoscale", "3,1"]),
        commands.beat(CELERY),
    ],
)
def test_readme_shows_the_command_of_the_lab(command: commands.Command) -> None:
    readme = (ROOT / "docs" / CELERY / "README.md").read_text(encoding="utf-8")

    lines = readme.replace(" \\\n  ", " ").splitlines()
    assert f".venv/bin/{' '.join(command.words[2:])}" in lines


def test_redis_keeps_its_jobs_like_the_valkey_of_the_lab(tmp_path: Path) -> None:
    ours = commands.valkey(6379, tmp_path).words
    theirs = SERVICES["redis"]["command"]

    assert SERVICES["redis"]["image"].startswith("redis:8")
    for words in (ours, theirs):
        assert words[words.index("--appendonly") + 1] == "yes"


def test_every_service_has_a_health_check_and_starts_again() -> None:
    image_checks_itself = {"api"}

    assert {*OURS, "redis", "mailpit"} == set(SERVICES)
    for name, service in SERVICES.items():
        assert "healthcheck" in service or name in image_checks_itself, name
        assert service["restart"] == "unless-stopped", name
    for name in OURS:
        assert service_needs(name) == {"redis", "mailpit"}
        assert SERVICES[name]["volumes"] == ["data:/data"]


def service_needs(name: str) -> set[str]:
    return set(SERVICES[name]["depends_on"])


def test_every_queue_has_one_worker() -> None:
    queues = [words[words.index("--queues") + 1] for words in worker_commands()]

    assert sorted(queues) == ["default", "high", "low"]


def worker_commands() -> list[list[str]]:
    return [service["command"] for name, service in SERVICES.items() if name.startswith("worker")]


def test_ports_are_open_on_this_machine_only() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:"), name


def test_image_is_not_run_as_root_and_serves_the_api() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()

    assert [line for line in lines if line.startswith("USER")] == ["USER 10001"]
    assert lines[-1] == f"CMD {as_json(SERVICES['api']['command'])}"


def as_json(words: list[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def test_health_checks_of_worker_and_beat_tell_who_is_there(
    celery_api: CeleryApi, tmp_path: Path
) -> None:
    names = ("worker-high", "beat", "worker-low")
    with celery_api.worker("high"), celery_api.beat():
        asked = {name: ask(celery_api, name, tmp_path / name) for name in names}
        codes = {name: process.wait(60) for name, process in asked.items()}

    assert codes["worker-high"] == codes["beat"] == 0
    assert codes["worker-low"] != 0


def ask(celery_api: CeleryApi, service: str, log: Path) -> Process:
    """Start the health check of a service here."""
    kind, line = SERVICES[service]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    words = shlex.split(line.replace("$$HOSTNAME", socket.gethostname()))
    words[words.index("--timeout") + 1] = "1"
    env = {"REDIS_URL": celery_api.stack.redis_url, "DATA_DIR": str(celery_api.data_dir)}
    with log.open("w") as said:
        return start_program(words, env, said)
