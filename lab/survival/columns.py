"""The columns of the matrix: each approach, and 03 once more with Celery's own defaults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.approaches import ROOT, Approach, load_approaches
from lab.errors import LabError

AT_ONCE = {"03_celery": 2, "04_custom_queue": 4}  # jobs; the others start everything
THREADS = 40  # AnyIO's limit: so many `def` background tasks run, and the next one waits
BY_DEFAULT = ("--include", "lab.survival.celery_defaults")


@dataclass(frozen=True)
class Column:
    """An approach, how its worker is started, and what it promises under each fault."""

    name: str
    approach: Approach
    survives: Mapping[str, str]
    worker_args: tuple[str, ...] = ()
    on_rabbitmq: bool = False
    folder: str = ""  # another package that is run in place of the numbered folder
    label: str = ""  # its title, if that of the approach does not tell enough

    @property
    def title(self) -> str:
        """The name of the pattern."""
        if self.label:
            return self.label
        return f"{self.approach.title}, defaults" if self.is_default else self.approach.title

    @property
    def has_worker(self) -> bool:
        return "worker" in self.approach.services

    @property
    def is_default(self) -> bool:
        """Tell whether it runs with Celery's default settings."""
        return self.worker_args == BY_DEFAULT

    @property
    def loses(self) -> bool:
        """Tell whether jobs are expected not to come back."""
        return self.is_default or bool(self.folder)

    def at_once(self, jobs: int) -> int:
        """Return how many of these e-mails are under way at the same time."""
        return min(jobs, AT_ONCE.get(self.approach.folder, jobs))

    def pictures_at_once(self, jobs: int) -> int:
        """Return how many of these pictures are processed at the same time."""
        most = THREADS if self.approach.folder == "01_background_tasks" else 2
        return min(jobs, most)


def load_columns(root: Path = ROOT) -> dict[str, Column]:
    """Return the columns of the matrix by name, in the order of approaches.toml."""
    return {column.name: column for column in _columns(root)}


def find_columns(names: list[str], root: Path = ROOT) -> list[Column]:
    """Return the columns of these names, or all; raise LabError for an unknown one."""
    columns = load_columns(root)
    if unknown := [name for name in names if name not in columns]:
        raise LabError(f"unknown approach {unknown[0]!r}: it is one of {', '.join(columns)}")
    return [columns[name] for name in names or columns]


def _columns(root: Path) -> Iterator[Column]:
    for approach in load_approaches(root).values():
        yield Column(approach.name, approach, approach.survives)
        if approach.survives_by_default:
            name = f"{approach.name}+defaults"
            yield Column(name, approach, approach.survives_by_default, BY_DEFAULT)
