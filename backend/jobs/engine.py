"""DBOS in a thread and an event loop of its own, so that neither its start nor its disk waits ever stop a request.

It is imported when it starts, not before: that costs half a second and 30 MB. Its queues are not used: polled, they
cost 4 ms of processor a poll, added 110 ms to each job and ran 32 jobs a second; the relay starts workflows itself.
"""

import asyncio
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from backend.core.log import logger
from backend.jobs.handed import Handed

if TYPE_CHECKING:
    from dbos import Serializer, WorkflowStatus

T = TypeVar("T")
Failure = dict[str, Any]
Try = Callable[[Handed], Coroutine[Any, Any, Failure | None]]
Settle = Callable[[Handed, Failure], Coroutine[Any, Any, bool]]

VERSION = "1"
"""Pinned: a workflow left by one release is resumed by the next. Change it only if `run_job` changes its steps."""
SCHEMA = "jobs"
ACTIVE = ["ENQUEUED", "PENDING"]
POISONED = "MAX_RECOVERY_ATTEMPTS_EXCEEDED"
_MAX_RECOVERIES = 3
_CONNECTIONS = 5


def user_of(business_id: str) -> str:
    """What the library knows a business by; `*` is the whole installation."""
    return business_id or "*"


class JobFailed(Exception):
    """What a workflow ends with when its job failed for good; the dead letter tells the rest."""


class JobRetried(Exception):
    """What a workflow ends with when its job failed and comes back as the next attempt."""


class _ToOurLog(logging.Handler):
    """The library's warnings go to our log. A job's own failure does not: the attempt and the dead letter told it."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, JobFailed | JobRetried):
            level = logging.ERROR if record.levelno >= logging.ERROR else logging.WARNING
            logger.log(level, "job library", told=record.getMessage(), exc_info=error)


class Engine:
    """One per process. Every method is called on the app's event loop, where `attempt` and `settle` run too."""

    def __init__(self, url: str, executor_id: str, attempt: Try, settle: Settle) -> None:
        self._url = url
        self._executor_id = executor_id
        self._attempt = attempt
        self._settle = settle
        self._finished: Callable[[str], None] = lambda _id: None
        self._running: set[asyncio.Task[None]] = set()
        self._adrift: set[str] = set()

    async def start(self, finished: Callable[[str], None]) -> None:
        """Launch; `finished(id)` is called on the app's loop when a job that started here has ended."""
        self._app = asyncio.get_running_loop()
        self._finished = finished
        ready: asyncio.Future[None] = self._app.create_future()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name="jobs", daemon=True)
        self._thread.start()
        await ready

    async def stop(self) -> None:
        """Let go. What still runs is cancelled without an outcome, so that another process takes it up."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            await asyncio.to_thread(self._thread.join)

    def _serve(self, ready: "asyncio.Future[None]") -> None:
        try:
            asyncio.run(self._live(ready))  # at its end it cancels what still runs
        finally:
            self._dbos.DBOS.destroy(destroy_registry=True)

    async def _live(self, ready: "asyncio.Future[None]") -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            self._launch()
        except Exception as error:
            self._app.call_soon_threadsafe(ready.set_exception, error)
            return
        self._app.call_soon_threadsafe(ready.set_result, None)
        await self._stopping.wait()

    def _launch(self) -> None:
        log = logging.getLogger("dbos")
        if not log.handlers:  # with a handler of ours, it adds no console handler of its own
            log.addHandler(_ToOurLog())
            log.propagate = False
        import dbos
        from dbos._core import WorkflowHandleAsyncTask
        from dbos._utils import INTERNAL_QUEUE_NAME

        self._dbos, self._local_handle, self._recovery_queue = dbos, WorkflowHandleAsyncTask, INTERNAL_QUEUE_NAME
        if self._url.startswith("sqlite:///"):
            with sqlite3.connect(self._url.removeprefix("sqlite:///")) as connection:
                connection.execute("PRAGMA journal_mode=WAL")  # stays with the file
            connection.close()
        self._library = dbos.DBOS(
            config={
                "name": "holdfast",
                "system_database_url": self._url,
                "dbos_system_schema": SCHEMA,
                "application_version": VERSION,
                "executor_id": self._executor_id,
                "serializer": _json_serializer(dbos.Serializer),
                "log_level": "WARNING",
                "enable_otlp": False,
                "use_listen_notify": False,
                "max_executor_threads": _CONNECTIONS,
                "sys_db_pool_size": _CONNECTIONS,
                "scheduler_polling_interval_sec": 3600.0,
                "notification_listener_polling_interval_sec": 0.1,  # asks nothing of the database; a stop waits for it
            }
        )
        self._run_job = dbos.DBOS.workflow(name="run_job", max_recovery_attempts=_MAX_RECOVERIES)(self._workflow())
        dbos.DBOS.launch()

    def _workflow(self) -> Callable[[dict[str, Any]], Coroutine[Any, Any, None]]:
        step = self._dbos.DBOS.run_step_async

        async def run_job(job: dict[str, Any]) -> None:
            handed = Handed(**job)
            failure = await step({"name": "attempt", "preemptible": True}, self._on_app, self._attempt, handed)
            if failure is None:
                return
            if await step({"name": "settle"}, self._on_app, self._settle, handed, failure):
                raise JobRetried(failure["error"])
            raise JobFailed(failure["error"])

        return run_job

    async def _on_app(self, call: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call(*args), self._app))

    async def _here(self, call: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self._loop))

    async def begin(self, handed: Handed) -> bool:
        """Start a job under its id and answer when that is on disk. False when a job of that id was there before."""
        return await self._here(self._begin(handed))

    async def _begin(self, handed: Handed) -> bool:
        with self._dbos.SetWorkflowID(handed.id), self._dbos.DBOSContextSetAuth(user_of(handed.business_id), []):
            handle = await self._dbos.DBOS.start_workflow_async(self._run_job, handed.as_json())
        if not isinstance(handle, self._local_handle):
            return False
        watch = asyncio.create_task(self._watch(handed.id, handle.task))
        self._running.add(watch)
        watch.add_done_callback(self._running.discard)
        return True

    async def _watch(self, id: str, task: "asyncio.Future[Any]") -> None:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # seen: it is in the library's records and, if final, among the dead letters
        self._app.call_soon_threadsafe(self._finished, id)

    async def running_executors(self) -> set[str]:
        """The executors that started jobs which have not ended."""
        return {job.executor_id or "" for job in await self.records(status=["PENDING"])}

    async def recover(self, executor_id: str) -> int:
        """Run again what a dead executor left in its midst; how many. Two processes that try get each job once."""
        # Resuming by id, the public way, would start a job twice when two processes saw the same dead executor.
        recover = self._dbos.DBOS._recover_pending_workflows
        return len(await self._here(asyncio.to_thread(recover, [executor_id])))

    async def recover_adrift(self) -> int:
        """Run again what counts as running here and does not, since the disk was full when it ended; how many. Each is seen
        twice before: one that just begins is on disk a moment before it runs."""
        mine = {"status": ["PENDING"], "executor_id": self._executor_id, "load_input": False, "load_output": False}
        seen = {job.workflow_id for job in await self.records(**mine)}
        seen -= set(self._library._active_workflows_set.activeList())  # asked last: what has ended since is left alone
        again, self._adrift = sorted(seen & self._adrift), seen
        recover = self._library._sys_db.reenqueue_for_recovery
        for id in again:
            await self._here(asyncio.to_thread(recover, id, [self._executor_id], self._recovery_queue))
        return len(again)

    async def is_idle(self) -> bool:
        """Whether no job is running or waits to be run again, in any process."""
        return not await self.records(status=ACTIVE, limit=1, load_input=False, load_output=False)

    async def records(self, **filters: Any) -> "list[WorkflowStatus]":
        """Workflows, by DBOS's own filters."""
        return await self._here(self._dbos.DBOS.list_workflows_async(**filters))

    async def cancel(self, id: str) -> None:
        """Cancel a workflow that has not ended; a running one stops at its next await, within a second or so."""
        await self._here(self._dbos.DBOS.cancel_workflow_async(id))

    async def forget(self, ids: list[str]) -> None:
        """Delete the records of workflows that have ended."""
        await self._here(self._dbos.DBOS.delete_workflows_async(ids))


def _json_serializer(base: Any) -> "Serializer":
    """Plain JSON in the library's tables: readable, and nothing in them can run code. An error keeps name and text.

    What a workflow ends with is ours. Another error (the library could not write down how it went, say) is none: it is not
    kept, so the workflow counts as running and is run again.
    """

    def encode(error: object) -> dict[str, str]:
        if isinstance(error, BaseException):
            return {"$error": type(error).__name__, "message": str(error)}
        raise TypeError(f"{type(error).__name__} is not JSON")

    def decode(value: dict[str, Any]) -> Any:
        if "$error" not in value:
            return value
        return (JobRetried if value["$error"] == JobRetried.__name__ else JobFailed)(value.get("message", ""))

    class JsonSerializer(base):  # type: ignore[misc]
        def serialize(self, data: Any) -> str:
            if isinstance(data, Exception) and not isinstance(data, JobFailed | JobRetried):
                raise data
            return json.dumps(data, default=encode)

        def deserialize(self, serialized_data: str) -> Any:
            return json.loads(serialized_data, object_hook=decode)

        def name(self) -> str:
            return "json"

    serializer: Serializer = JsonSerializer()
    return serializer
