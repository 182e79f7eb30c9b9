"""Celery's result backend, of which each write becomes a transition of the record."""

from base64 import b64decode
from typing import Any

from celery import states
from celery.app.task import Context
from celery.backends.redis import RedisBackend
from celery.exceptions import TaskRevokedError
from kombu.utils.json import loads

from scenarios import files, ledger
from scenarios.contract import JSONDict, Status
from scenarios.errors import explain

from . import records
from .celery_app import app

STATUSES = {
    states.RETRY: Status.QUEUED,
    states.SUCCESS: Status.SUCCEEDED,
    states.FAILURE: Status.FAILED,
    states.REVOKED: Status.CANCELLED,
}
EVENTS = {
    Status.QUEUED: "retried",
    Status.SUCCEEDED: "finished",
    Status.FAILED: "failed",
    Status.CANCELLED: "cancelled",
}


Untyped: Any = RedisBackend  # the stubs lack most of what it inherits


# --8<-- [start:backend]
class RecordBackend(Untyped):  # type: ignore[misc]
    """Celery's result backend: a result is an end of the record, and the first end is the last.

    Chords stay with Celery's own backend for Redis.
    """

    client = records.redis  # it waits in a worker, and never in the API

    def on_task_call(self, producer: object, task_id: str) -> None:
        """Do not subscribe to each task's result: with Redis down that froze the API for 19 s."""

    def add_pending_result(self, result: Any, weak: bool = False, **options: Any) -> Any:
        """Nor to the results of a group: nobody waits for them here, `weak` says so."""
        return result if weak else super().add_pending_result(result, weak, **options)

    def store_result(
        self,
        task_id: str,
        result: Any,
        state: str,
        traceback: Any = None,
        request: Any = None,
        **_: Any,
    ) -> Any:
        """End the job, or let it wait for its next attempt; the ledger is told if this was so."""
        status = STATUSES[state]
        error = explain(result) if isinstance(result, BaseException) else ""
        stored = self.encode_result(result, state)
        meta = self._get_result_meta(stored, state, traceback, request)
        text = str(self.encode({"task_id": task_id, **meta}))
        run = getattr(request, "run", "")  # the main process speaks for a run that has died
        if became := records.close(task_id, run, status, text, error):
            ledger.record(EVENTS[became], task_id, error=error or None)
            if became.is_final:
                files.discard_upload(task_id)
            if became is not status:  # somebody had asked to cancel it: it is not tried again
                cancel_rest(request)
        return stored

    def _get_task_meta_for(self, task_id: str) -> JSONDict:
        status, meta = records.redis.hmget(f"task:{task_id}", ["status", "meta"])
        if status == Status.RUNNING or not meta:
            state = states.STARTED if status == Status.RUNNING else states.PENDING
            return {"status": state, "result": None}
        decoded: JSONDict = self.decode_result(meta)
        return decoded

    def _forget(self, task_id: str) -> None:
        records.change("forget", task_id)

    # Killed between its end and what follows from it, a job would not run again: its chord or
    # chain would wait for ever. So what follows comes first, and counts once even if done twice.

    def mark_as_done(
        self,
        task_id: str,
        result: Any,
        request: Any = None,
        store_result: bool = True,
        state: str = states.SUCCESS,
    ) -> None:
        self.release(request, result, state)
        if store_result:
            self.store_result(task_id, result, state, request=request)

    def mark_as_failure(
        self, task_id: str, exc: Any, traceback: Any = None, request: Any = None, **options: Any
    ) -> None:
        self.release(request, exc, options.get("state", states.FAILURE))
        super().mark_as_failure(task_id, exc, traceback, request, **options)

    def mark_as_revoked(
        self, task_id: str, reason: str = "", request: Any = None, **options: Any
    ) -> None:
        self.release(request, TaskRevokedError(reason), states.REVOKED)
        super().mark_as_revoked(task_id, reason, request, **options)

    def release(self, request: Any, result: Any, state: str) -> None:
        """Count the job in its chord; end the rest of its chain if it has not succeeded."""
        if (run := getattr(request, "run", "")) and records.is_lost(request.id, run):
            return
        if request and request.chord:
            self.on_chord_part_return(request, state, result)
        if request and state != states.SUCCESS:
            self._fail_chain(request.chain, result, state=state)


def cancel_rest(request: Any) -> None:
    """End the rest of a chain or chord of a cancelled job; it may be so already."""
    backend: Any = app.backend  # a `RecordBackend`
    backend.release(request, TaskRevokedError("cancelled"), states.REVOKED)


def end_what_follows(message: str) -> None:
    """End the rest of a chain or chord whose next job was cancelled before it ran."""
    copy = loads(message)
    args, kwargs, embed = loads(b64decode(copy["body"]))
    cancel_rest(Context(copy["headers"], args=args, kwargs=kwargs, **embed))


# --8<-- [end:backend]
