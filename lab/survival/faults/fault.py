"""One line of the matrix: what is broken, and on which approaches it can be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lab.survival.columns import Column
from lab.survival.running_column import REDELIVERY_S
from lab.survival.trial import Trial

API, WORKER, BROKER = "api", "worker", "broker"
REDELIVERED = {"VISIBILITY_TIMEOUT_S": str(REDELIVERY_S)}
REASONS = {
    WORKER: "there is no worker process: the jobs run in the API",
    BROKER: "there is no broker",
}


@dataclass(frozen=True)
class Fault:
    """Its name in approaches.toml, its title, and the function that posts jobs and breaks a part.

    `hits` is the part that is broken. `job_env` is for the process that runs the jobs, worker or
    app; `api_env` and `uvicorn_args` are for the app. `not_by_default` says why it is not tried
    with Celery's default settings, `lacks` what this machine lacks for it.
    """

    name: str
    title: str
    act: Callable[[Trial], None]
    hits: str = API
    job_env: Mapping[str, str] = field(default_factory=dict)
    api_env: Mapping[str, str] = field(default_factory=dict)
    uvicorn_args: Sequence[str] = ()
    not_by_default: str = ""
    lacks: Callable[[], str] = lambda: ""

    @property
    def needs(self) -> str:
        """Return what its processes are started with, for comparison with another fault."""
        return repr((self.api_env, self.job_env, self.uvicorn_args))

    def why_not(self, column: Column) -> str:
        """Return why this fault cannot be tried on this column, or nothing."""
        if not column.has_worker:
            return REASONS.get(self.hits, "")
        return self.not_by_default if column.is_default else ""
