"""CI runs every test, and says so when it cannot."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from lab.approaches import ROOT
from tests.conftest import pytest_runtest_makereport

TOOLS = ("bash", "dirname", "timeout", "env")
NEEDED = ("chromium", "faketime", "rabbitmq-server")


def make_report(outcome: str) -> pytest.TestReport:
    return pytest.TestReport("a test", ("test.py", 1, "a test"), {}, outcome, None, "call")  # type: ignore[arg-type]  # a literal


def pass_through(report: pytest.TestReport, item: pytest.Item) -> str:
    """Return what becomes of a test that would end like this."""
    hook = pytest_runtest_makereport(item)
    next(hook)
    with pytest.raises(StopIteration) as returned:
        hook.send(report)
    return str(returned.value.value.outcome)


@pytest.mark.parametrize(
    ("ci", "outcome", "told"),
    [("true", "skipped", "failed"), ("", "skipped", "skipped"), ("true", "passed", "passed")],
)
def test_a_skipped_test_fails_where_ci_is_set(
    ci: str,
    outcome: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("CI", ci)

    assert pass_through(make_report(outcome), request.node) == told


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Stand for a machine that has nothing but a shell; `called` names what was run on it."""
    for name in TOOLS:
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    write_program(tmp_path, "id", "echo 0")
    write_program(tmp_path, "apt-get", f'echo "apt-get $*" >>{tmp_path}/called')
    write_program(tmp_path, "make", f'echo "make $*" >>{tmp_path}/called')
    return tmp_path


def write_program(folder: Path, name: str, line: str) -> None:
    (folder / name).write_text(f"#!{folder}/bash\n{line}\n")
    (folder / name).chmod(0o755)


def run_ci(machine: Path) -> tuple[int, list[str]]:
    """Run a copy of `.ci/run` that finds programs on this machine only."""
    script = (ROOT / ".ci" / "run").read_text().replace("PATH=$PATH:/usr/sbin", "PATH=$PATH:/none")
    folder = machine / "repository" / ".ci"
    folder.mkdir(parents=True)
    (folder / "run").write_text(script.replace(":/usr/lib/rabbitmq/bin", ""))
    done = subprocess.run(
        [machine / "bash", folder / "run"], env={"PATH": str(machine)}, timeout=20, check=False
    )
    called = machine / "called"
    return done.returncode, called.read_text().splitlines() if called.exists() else []


def test_what_is_missing_is_installed_before_the_tests(machine: Path) -> None:
    code, called = run_ci(machine)

    assert code == 0
    assert called[1].endswith(" ".join(NEEDED))
    assert called[2:] == ["make check", "make test"]


def test_nothing_is_installed_where_all_is_there(machine: Path) -> None:
    for name in NEEDED:
        write_program(machine, name, "true")

    assert run_ci(machine) == (0, ["make check", "make test"])


def test_run_fails_where_it_cannot_be_installed(machine: Path) -> None:
    write_program(machine, "apt-get", "exit 100")

    assert run_ci(machine) == (100, [])


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_every_other_end_of_pytest_fails_the_run(machine: Path, code: int) -> None:
    for name in NEEDED:
        write_program(machine, name, "true")
    write_program(machine, "make", f'[ "$1" != test ] || exit {code}')

    assert run_ci(machine) == (code, [])
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_command_that_a_workflow_or_a_hook_runs_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    heads = re.findall(r"^([\w /%-]+):", makefile, flags=re.MULTILINE)
    targets = {word for head in heads for word in head.split()}
    files = [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml"]

    texts = {path: path.read_text(encoding="utf-8") for path in files}

    assert len([path for path in files if path.parent.name == "workflows"]) == 3
    assert all(yaml.safe_load(text) for text in texts.values())
    named = {
        word
        for text in texts.values()
        for words in re.findall(r"(?:run|entry): make ([a-z -]+)$", text, flags=re.MULTILINE)
        for word in words.split()
    }
    matrix = yaml.safe_load(texts[ROOT / ".github/workflows/monthly.yml"])["jobs"]["run"]
    named |= {each.split()[0] for each in matrix["strategy"]["matrix"]["command"]}
    assert {"check", "quick", "docs-build", "slow", "claims", "survival"} <= named <= targets
