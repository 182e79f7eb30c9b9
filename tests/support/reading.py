"""What a process prints, line by line."""

import re
import subprocess


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    """Read lines up to the one that matches; return the first group, or the match."""
    seen = []
    assert process.stdout
    for line in process.stdout:
        seen.append(line)
        if found := re.search(pattern, line):
            return found[found.lastindex or 0]
    raise AssertionError(f"no line matches {pattern!r} in {''.join(seen)}")
