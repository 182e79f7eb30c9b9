"""The claims of published introductions, and what tests/claims/ measured of each."""

import tomllib
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel

from lab.approaches import ROOT
from lab.machine import Machine, describe_machine

COMMAND = "make claims"
CLAIMS = Path("docs/claims.toml")
MEASURED = Path("docs/results/claims.json")
VERDICTS = {
    "true": "true",
    "partly": "in part",
    "false": "not so",
    "outdated": "no longer",
    "trap": "a trap",
    "works": "works",
}


@dataclass(frozen=True)
class Claim:
    """A statement in our words: what is found today, and what the finding depends on."""

    id: str
    says: str
    verdict: str
    depends: tuple[str, ...]


class Measured(BaseModel):
    """What the tests of one claim saw, in whole sentences."""

    tests: list[str] = []
    saw: list[str] = []


class Measurements(BaseModel):
    """The content of `claims.json`."""

    machine: Machine
    versions: dict[str, str]
    claims: dict[str, Measured]


def load_claims(root: Path = ROOT) -> dict[str, Claim]:
    """Read `docs/claims.toml` under `root`, by id, in the order of the file."""
    tables = tomllib.loads((root / CLAIMS).read_text(encoding="utf-8"))
    return {
        key: Claim(key, table["says"], VERDICTS[table["verdict"]], tuple(table["depends"]))
        for key, table in tables.items()
    }


def load_measurements(root: Path = ROOT) -> Measurements:
    """Read what `make claims` measured last."""
    return Measurements.model_validate_json((root / MEASURED).read_bytes())


def measure_now(claims: dict[str, Measured]) -> Measurements:
    """Put measurements of this moment together with the machine and the versions."""
    names = {name for claim in load_claims().values() for name in claim.depends}
    machine = replace(describe_machine([]), command=COMMAND)
    versions = {name: find_version(name, machine) for name in sorted(names)}
    return Measurements(machine=machine, versions=versions, claims=dict(sorted(claims.items())))


def find_version(name: str, machine: Machine | None = None) -> str:
    """Return the installed version of a package, or of Python."""
    if name == "python":
        return (machine or describe_machine([])).python
    return version(name)


def explain(claim: Claim, then: Measurements) -> str:
    """Say for a failed test what was seen before, and which releases came in between."""
    measured = then.claims.get(claim.id)
    lines = [f"The claim: {claim.says}", f"Found so far: {claim.verdict}"]
    lines += [f"- {each}" for each in (measured.saw if measured else ["nothing recorded"])]
    for name in claim.depends:
        old, new = then.versions.get(name, "unknown"), find_version(name)
        lines.append(
            f"{name}: {new}" if old == new else f"{name} has changed: {old} then, {new} now"
        )
    lines.append(
        f"If a release changed the outcome, read its notes, put the test right, then"
        f" {CLAIMS} and the pages that say it, and run `{COMMAND}`."
    )
    return "\n".join(lines)


HEAD = "| | What articles say | | What we measured | Depends on |\n|---|---|---|---|---|\n"


def make_claims(root: Path) -> str:
    """Return the table of all claims, in the order of `docs/claims.toml`."""
    then = load_measurements(root)
    rows = "".join(_make_row(claim, then) for claim in load_claims(root).values())
    return f"{HEAD}{rows}\n{then.machine}.\n"


def make_saw(root: Path, claim: str) -> str:
    """Return what was measured of one claim, as a quotation."""
    saw = load_measurements(root).claims[claim].saw
    return "".join(f"> {sentence}\n" for sentence in saw)


def _make_row(claim: Claim, then: Measurements) -> str:
    versions = ", ".join(f"{name} {then.versions[name]}" for name in claim.depends)
    saw = "<br>".join(then.claims[claim.id].saw).replace("|", "\\|")
    cells = [f'<span id="{claim.id.lower()}">{claim.id}</span>', claim.says, f"**{claim.verdict}**"]
    return f"| {' | '.join([*cells, saw, versions])} |\n"
