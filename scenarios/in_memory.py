"""The records of the tasks of one process, for the patterns that keep them in memory."""

import time
from collections import Counter, OrderedDict, deque

from . import ledger
from .contract import Kind, QueueMetrics, Status
from .status import TaskStatus, changing

MOST_ENDED = 100_000  # some 220 MB; without a limit a busy day would fill the memory


class Tasks(dict[str, TaskStatus]):
    """Records by task id, which are counted as they change: no question reads all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: Counter[Status] = Counter()
        # When they came and ended, on the monotonic clock: the date may be set meanwhile.
        self._queued: OrderedDict[str, float] = OrderedDict()
        self._ended: deque[tuple[float, str]] = deque()

    def accept(self, task_id: str, kind: Kind) -> TaskStatus:
        """Make the record of a task that was just taken."""
        task = TaskStatus(task_id=task_id, kind=kind)
        task.tell_changes(self._note)
        with changing:
            self[task_id], self._queued[task_id] = task, time.monotonic()
            self._counts[task.status] += 1
        ledger.record("accepted", task_id, kind=kind)
        return task

    def forget_ended(self, ttl_s: float) -> list[str]:
        """Drop the records of tasks that ended more than `ttl_s` ago; return their ids.

        Of more than `MOST_ENDED` the oldest go sooner. A record that has not ended stays, however
        old it is.
        """
        forgotten, before = [], time.monotonic() - ttl_s
        while self._ended and (self._ended[0][0] < before or len(self._ended) > MOST_ENDED):
            with changing:
                _, task_id = self._ended.popleft()
                self._counts[self.pop(task_id).status] -= 1
            forgotten.append(task_id)
        return forgotten

    def count(self, workers: int | None) -> QueueMetrics:
        """Count the tasks by status."""
        with changing:
            moment = time.monotonic()
            return QueueMetrics(
                queued=self._counts[Status.QUEUED],
                running=self._counts[Status.RUNNING],
                succeeded=self._counts[Status.SUCCEEDED],
                failed=self._counts[Status.FAILED],
                oldest_queued_s=moment - next(iter(self._queued.values()), moment),
                workers=workers,
            )

    def _note(self, task: TaskStatus, before: Status) -> None:
        self._counts[before] -= 1
        self._counts[task.status] += 1
        self._queued.pop(task.task_id, None)
        if task.status.is_final:
            self._ended.append((time.monotonic(), task.task_id))
