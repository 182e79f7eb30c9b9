"""Each claim has a test, a measurement and a row; a failed test tells of changed versions."""

import re
from pathlib import Path

from lab.approaches import ROOT
from site_making.claims import (
    Measured,
    explain,
    load_claims,
    load_measurements,
    make_claims,
    measure_now,
)

TEST = re.compile(r"^(?:async )?def (test_c\d\d_\w+)", re.MULTILINE)
FOLDER = Path(__file__).parent


def find_tests() -> set[str]:
    """Return the names of all tests of claims."""
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.rglob("test_*.py")]
    return {name for text in texts for name in TEST.findall(text)}


def test_there_are_61_claims_and_each_has_a_test() -> None:
    tested = {name.split("_")[1].upper() for name in find_tests()}

    assert sorted(load_claims()) == [f"C{number:02}" for number in range(1, 62)]
    assert tested == load_claims().keys()


def test_every_test_was_recorded_and_every_record_has_its_test() -> None:
    recorded = {
        test.partition("::")[2].partition("[")[0]
        for measured in load_measurements().claims.values()
        for test in measured.tests
    }

    assert recorded == find_tests(), "run `make claims`"


def test_every_claim_has_a_row_with_what_was_seen() -> None:
    rows = make_claims(ROOT).splitlines()[2:]

    for name, measured in load_measurements().claims.items():
        [row] = [each for each in rows if f">{name}<" in each]
        assert row.count(" | ") == 4, row
        assert measured.saw, name
        assert all(sentence.endswith((".", ".”")) for sentence in measured.saw), name


def test_failure_names_the_versions_then_and_now() -> None:
    claim = load_claims()["C14"]
    then = measure_now({"C14": Measured(tests=["test"], saw=["It waited."])})
    unchanged = explain(claim, then)
    then.versions["uvicorn"] = "0.1"

    text = explain(claim, then)

    assert "It waited." in text
    assert "uvicorn has changed: 0.1 then, " in text
    assert "uvicorn has changed" not in unchanged
