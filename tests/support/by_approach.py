"""How pytest-xdist shares the tests out: those of one approach stay together."""

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

from .running import APPROACHES


class ByApproach(LoadScopeScheduling):  # type: ignore[misc]  # see above
    """One worker takes all tests of an approach, and one all that need the built site; other
    tests stay with those of their file, but for those of the exercises and of the transcripts.

    The marks of `--dist loadgroup` would do, but pytest-xdist 3.8 loses them under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        name = nodeid.partition("[")[2].rstrip("]").partition("-")[0]
        if "/test_survival.py::" in nodeid:  # as long as the rest of an approach together
            return f"survival of {name}"
        if name in APPROACHES:
            return name
        if "tests/site/" in nodeid:
            return "site"
        if "test_workshop_checks.py" in nodeid or "test_transcripts.py" in nodeid:
            return nodeid  # each starts processes of its own, and mostly waits for them
        return str(super()._split_scope(nodeid))
