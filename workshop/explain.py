"""What the log of a learner's app says of its end, in a few words instead of a traceback."""

import re
from pathlib import Path

TRACED_LINE = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
ERROR = re.compile(r"^(?:\w+\.)*(?P<name>\w*(?:Error|Exception|Exit|Interrupt)\b.*)$", re.MULTILINE)
LONGEST = 160


def explain_log(log: str, app_file: Path) -> str:
    """Return the last error with its line in the app, or the last line, or nothing."""
    errors = list(ERROR.finditer(log))
    if errors:
        error = errors[-1]
        before = log[: error.start()]
        lines = [
            found["line"]
            for found in TRACED_LINE.finditer(before)
            if Path(found["file"]).resolve() == app_file.resolve()
        ]
        place = f" (line {lines[-1]} of {app_file.name})" if lines else ""
        return _shorten(error["name"]) + place
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return _shorten(lines[-1].removeprefix("ERROR:").strip()) if lines else ""


def explain_end(code: int | None, log: str, app_file: Path) -> str:
    """Tell how the app ended."""
    found = ERROR.search(log) or "ERROR" in log
    reason = explain_log(log, app_file) if found else "its own exit, without an error"
    return f"it ended with code {code}: {reason}"


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
