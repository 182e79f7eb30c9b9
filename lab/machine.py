"""The machine and the versions with which a measurement was made; each figure names them."""

import os
import platform
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("fastapi", "uvicorn", "celery")


@dataclass(frozen=True)
class Machine:
    """The conditions of a measurement."""

    cpus: int
    cpu: str
    system: str
    python: str
    packages: dict[str, str]
    measured_at: str
    command: str

    def __str__(self) -> str:
        packages = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        return (
            f"{self.cpus} CPUs ({self.cpu}), {self.system}, Python {self.python}, {packages},"
            f" {self.measured_at[:10]}, `{self.command}`"
        )


def describe_machine(arguments: list[str]) -> Machine:
    """Describe this machine and the command `lab` with its arguments."""
    return Machine(
        cpus=_count_cpus(),
        cpu=_read_cpu_name(),
        system=platform.system(),
        python=platform.python_version(),
        packages={name: version(name) for name in PACKAGES},
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=" ".join(["lab", *arguments]),
    )


def _count_cpus() -> int:
    """Count the CPUs that this process may use; a container may have fewer than the machine."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read_cpu_name() -> str:
    with suppress(OSError, subprocess.SubprocessError):
        if sys.platform == "darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.check_output(command, text=True, timeout=5).strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
