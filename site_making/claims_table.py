"""The tables of the page on the articles' claims."""

from pathlib import Path

from .claims import Claim, Measurements, load_claims, load_measurements

HEAD = "| | What articles say | | What we measured | Depends on |\n|---|---|---|---|---|\n"


def make_claims(root: Path) -> str:
    """Return the table of all claims, in the order of `docs/claims.toml`."""
    return _make_table(list(load_claims(root).values()), load_measurements(root))


def make_saw(root: Path, claim: str) -> str:
    """Return what was measured of one claim, as a quotation."""
    saw = load_measurements(root).claims[claim].saw
    return "".join(f"> {sentence}\n" for sentence in saw)


def _make_table(claims: list[Claim], then: Measurements) -> str:
    rows = [_make_row(claim, then) for claim in claims]
    return f"{HEAD}{''.join(rows)}\n{then.machine}.\n"


def _make_row(claim: Claim, then: Measurements) -> str:
    versions = ", ".join(f"{name} {then.versions[name]}" for name in claim.depends)
    saw = "<br>".join(then.claims[claim.id].saw).replace("|", "\\|")
    cells = [f'<span id="{claim.id.lower()}">{claim.id}</span>', claim.says, f"**{claim.verdict}**"]
    return f"| {' | '.join([*cells, saw, versions])} |\n"
