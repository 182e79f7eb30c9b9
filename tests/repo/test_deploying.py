"""The files of the deploying page agree with the commands, the settings and the routes here."""

import configparser
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.approaches import ROOT
from lab.processes import commands
from scenarios.settings import Settings

FOLDER = ROOT / "docs" / "deploy"
CELERY = "03_celery"
Object = dict[str, Any]  # Any: YAML
OBJECTS: list[Object] = list(yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text("utf-8")))
COMPOSE: Object = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
SETTINGS: dict[str, str] = next(each for each in OBJECTS if each["kind"] == "ConfigMap")["data"]
PODS: dict[str, Object] = {
    each["metadata"]["name"]: each["spec"]["template"]["spec"]
    for each in OBJECTS
    if each["kind"] == "Deployment"
}
COMMANDS = {
    "api": commands.app(CELERY, 8003),
    "worker": commands.worker(CELERY, "jobs", 2),
    "beat": commands.beat(CELERY),
}


def words_of(name: str) -> list[str]:
    """Return the command of the lab without this machine's Python."""
    return list(COMMANDS[name].words[2:])


def container(name: str) -> Object:
    [only] = PODS[name]["containers"]
    found: Object = only
    return found


def grace_s(name: str) -> float:
    """Return how long a pod may take to end, once `preStop` is over."""
    slept = container(name).get("lifecycle", {}).get("preStop", {}).get("sleep", {})
    return float(PODS[name]["terminationGracePeriodSeconds"] - slept.get("seconds", 0))


@pytest.mark.parametrize("name", COMMANDS)
def test_pod_runs_the_command_of_the_lab(name: str) -> None:
    words = [word.replace("0.0.0.0", "127.0.0.1") for word in container(name)["command"]]

    assert words == words_of(name)
    assert container(name)["envFrom"] == [{"configMapRef": {"name": "background-work"}}]


def test_every_setting_of_the_pods_is_one_of_the_app_and_can_be_read() -> None:
    assert {name.lower() for name in SETTINGS} <= Settings.model_fields.keys()
    values: dict[str, Any] = {name.lower(): value for name, value in SETTINGS.items()}
    settings = Settings(**values)
    assert settings.drain_s == Settings.model_fields["drain_s"].default
    # The order of the page: the job, then the time after which Redis gives it to somebody else.
    assert settings.visibility_timeout_s > settings.job_timeout_s


def test_grace_period_is_longer_than_what_the_process_takes_to_stop() -> None:
    drain_s = float(SETTINGS["DRAIN_S"])

    assert {"name": "REMAP_SIGTERM", "value": "SIGQUIT"} in container("worker")["env"]
    assert grace_s("worker") >= drain_s + 10
    assert grace_s("api") >= 15  # a stream of events, and a little more
    assert COMPOSE["worker-default"]["stop_grace_period"] == "40s"


def test_probes_ask_a_route_that_waits_for_nothing_and_a_worker_by_its_name() -> None:
    api, worker = container("api"), container("worker")

    for probe in ("livenessProbe", "readinessProbe"):
        assert api[probe]["httpGet"] == {"path": "/healthz", "port": 8003}
    line = shlex.split(worker["livenessProbe"]["exec"]["command"][-1])
    hostname = worker["command"][worker["command"].index("--hostname") + 1]
    assert line[line.index("--destination") + 1] == hostname.replace("%h", "$HOSTNAME")
    asks_s = int(line[line.index("--timeout") + 1])
    assert worker["livenessProbe"]["timeoutSeconds"] > asks_s


def test_there_is_one_beat_and_the_old_one_ends_first() -> None:
    [beat] = [each["spec"] for each in OBJECTS if each["metadata"]["name"] == "beat"]

    assert beat["replicas"] == 1
    assert beat["strategy"] == {"type": "Recreate"}


def test_workers_follow_a_metric_that_the_api_has() -> None:
    [scaler] = [each["spec"] for each in OBJECTS if each["kind"] == "HorizontalPodAutoscaler"]
    [metric] = [each["external"]["metric"] for each in scaler["metrics"]]

    assert scaler["scaleTargetRef"]["name"] in PODS
    source = (ROOT / "scenarios" / "web" / "prometheus.py").read_text(encoding="utf-8")
    assert json.dumps(metric["name"]) in source.replace("'", '"')


@pytest.mark.parametrize(("unit", "name"), [("api.service", "api"), ("worker.service", "worker")])
def test_unit_runs_the_command_of_the_lab_and_waits_long_enough(unit: str, name: str) -> None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd minds the case
    parser.read_string((FOLDER / unit).read_text("utf-8").replace("\\\n", " "))
    service = parser["Service"]

    program, *words = shlex.split(service["ExecStart"].replace("%%", "%"))
    assert [Path(program).name, *words] == words_of(name)
    assert service["Restart"] == "always"
    assert int(service["TimeoutStopSec"]) >= Settings.model_fields["drain_s"].default + 10
    if name == "worker":
        assert service["KillMode"] == "mixed"
        assert "REMAP_SIGTERM=SIGQUIT" in service["Environment"]


def test_no_line_of_a_file_on_the_page_needs_to_be_scrolled() -> None:
    shown = [*FOLDER.iterdir(), ROOT / "compose.yaml", ROOT / "Dockerfile"]

    for path in shown:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert len(line) <= 100, (path.name, line)
