"""Every fault, in the order of the matrix."""

from lab.errors import LabError

from . import api_faults, broker_faults, job_faults, outage_faults, worker_faults
from .fault import Fault

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for group in (api_faults, worker_faults, broker_faults, outage_faults, job_faults)
    for fault in group.FAULTS
}


def find_faults(names: list[str]) -> list[Fault]:
    """Return the faults of these names, or all; raise LabError for an unknown one."""
    if unknown := [name for name in names if name not in FAULTS]:
        raise LabError(f"unknown fault {unknown[0]!r}: it is one of {', '.join(FAULTS)}")
    return [FAULTS[name] for name in names or FAULTS]
