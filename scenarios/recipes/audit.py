"""The audit log: one line for each thing done, or tried."""

from contextlib import suppress

from scenarios.settings import get_settings
from scenarios.status import now
from scenarios.text import one_line


def write_audit_line(subject: str, action: str) -> None:
    """Append one line; a large log becomes `audit.1.log`."""
    path = get_settings().data_dir / "audit.log"
    with path.open("a", encoding="utf-8") as log:
        log.write(f"{now().isoformat()} {one_line(subject)}: {action}\n")
        size_bytes = log.tell()
    if size_bytes > get_settings().ledger_max_bytes:
        with suppress(FileNotFoundError):  # another job was quicker
            path.rename(path.with_name("audit.1.log"))
