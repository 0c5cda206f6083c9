"""Tracking from a server written in Python: what customers did, told to Holdfast without ever holding up who tells it.

    from backend.client.track import Tracker

    tracker = Tracker("https://holdfast.example", "hfk_…")          # a key with the scope `track`; once per process
    tracker.track("cust_123", "feature_used", feature="export")     # returns at once; from any thread or coroutine
    await tracker.aflush()                                          # or flush(): wait until what was told is there

`track` puts an event into a bounded queue; one thread sends what waits, up to a thousand events a request. Each event
has an id that is made once, so trying again counts it once. What may pass (no connection, 429, 5xx) is tried again with
a backoff, 429 and 503 after what they ask for. Nothing here raises into the program that tracks: what could not be told
is counted (`counts`), and logged under `holdfast.track`. A queue that is full drops the newest event. At the end of the
process the queue is flushed for `exit_seconds`; a forked child begins with an empty queue and a thread of its own, as
what waited is its parent's to send. (`os._exit` flushes nothing: call `close` before it.)
"""

import asyncio
import atexit
import json
import logging
import os
import random
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    import httpx

MOST_EVENTS = 1_000
"""That the server takes in one request."""
MOST_BYTES = 900_000
"""Of one request: the server takes 1 MiB."""
RETRY_SECONDS = (0.5, 30.0)
"""Before the second try, and before any at most; between them it doubles."""
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_log = logging.getLogger("holdfast.track")
_trackers: "weakref.WeakSet[Tracker]" = weakref.WeakSet()


class Tracker:
    """One connection to Holdfast for the whole process.

    `most_waiting` events wait at most; `flush_seconds` is how long an event may wait for others to go with it.
    Use it as a context manager, plain or async, to close it at the end.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        most_waiting: int = 10_000,
        batch: int = 500,
        flush_seconds: float = 1.0,
        timeout_seconds: float = 10.0,
        exit_seconds: float = 5.0,
    ) -> None:
        self._url, self._key = url.rstrip("/") + "/api/track", api_key
        self._most, self._batch = most_waiting, min(max(batch, 1), MOST_EVENTS)
        self._flush_seconds, self._timeout, self._exit_seconds = flush_seconds, timeout_seconds, exit_seconds
        self._counts = {"accepted": 0, "duplicates": 0, "rejected": 0, "dropped": 0, "failed": 0, "retries": 0}
        self._begin_anew()
        _trackers.add(self)

    def _begin_anew(self) -> None:
        """Locks, queue and thread of this process."""
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._under_way = 0
        self._wants_all = False
        self._is_closed = False
        self._patience: float | None = None
        """Until when (by the monotonic clock) to try; None as long as the process lives."""
        self._thread: threading.Thread | None = None
        self._http: httpx.Client | None = None

    # -- telling

    def track(
        self,
        customer_id: str,
        event: str,
        properties: Mapping[str, Any] | None = None,
        /,
        *,
        timestamp: datetime | None = None,
        id: str | None = None,
        **more: Any,
    ) -> bool:
        """Tell that a customer did something, now or at `timestamp`. Returns at once: whether it was queued.

        `id` makes an event that is told more than once count once; without one, each call is an event of its own.
        """
        try:
            at = (timestamp or datetime.now(UTC)).astimezone(UTC).isoformat()
            told = {"customerId": str(customer_id), "event": str(event), "id": id or uuid4().hex, "timestamp": at}
            whole = json.dumps(told | {"properties": {**(properties or {}), **more}}, default=str).encode()
        except Exception:
            _log.warning("an event that cannot be written as JSON was dropped", exc_info=True)
            self._count("dropped")
            return False
        return self._put(whole)

    def _put(self, whole: bytes) -> bool:
        with self._changed:
            if self._is_closed or len(self._waiting) >= self._most or len(whole) > MOST_BYTES:
                self._counts["dropped"] += 1
                is_first = self._counts["dropped"] == 1
            elif not self._has_thread():
                self._counts["dropped"] += 1
                is_first = False
            else:
                self._waiting.append(whole)
                if len(self._waiting) == 1 or len(self._waiting) >= self._batch:
                    self._changed.notify_all()
                return True
        if is_first:
            _log.warning("the queue is full or closed: events are dropped (see Tracker.counts)")
        return False

    def _has_thread(self) -> bool:
        """Whether there is somebody who sends; not when the process ends already, or has too many threads."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="holdfast-track", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                _log.warning("an event was dropped: no thread can be started", exc_info=True)
                return False
            self._thread = thread
        return True

    @property
    def counts(self) -> dict[str, int]:
        """How many events were accepted, known already (`duplicates`), `rejected` by the server, `dropped` before they
        were queued, `failed` to be sent, how many `retries` there were, and how many are `waiting`."""
        with self._changed:
            return self._counts | {"waiting": len(self._waiting) + self._under_way}

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until everything told so far was sent or given up, for `seconds` at most; whether it was."""
        with self._changed:
            self._wants_all = True
            self._changed.notify_all()
            return self._changed.wait_for(self._is_empty, seconds)

    async def aflush(self, seconds: float | None = None) -> bool:
        """`flush`, without holding up the event loop."""
        return await asyncio.to_thread(self.flush, seconds)

    def close(self, seconds: float | None = None) -> bool:
        """Take no more and send what waits, for `seconds` (as at the end of the process) at most; whether all was."""
        seconds = self._exit_seconds if seconds is None else seconds
        with self._changed:
            self._is_closed = True
            self._patience = time.monotonic() + seconds
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(seconds + 0.1)
        with self._changed:
            return self._is_empty()

    async def aclose(self, seconds: float | None = None) -> bool:
        """`close`, without holding up the event loop."""
        return await asyncio.to_thread(self.close, seconds)

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> "Tracker":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        await self.aclose()

    # -- sending, in a thread of its own

    def _is_empty(self) -> bool:
        return not self._waiting and not self._under_way

    def _count(self, what: str, by: int = 1) -> None:
        with self._changed:
            self._counts[what] += by

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._send(batch)
            except Exception:  # whatever it is, the next batch gets its turn
                _log.exception("events could not be sent")
                self._count("failed", len(batch))
            with self._changed:
                self._under_way = 0
                self._changed.notify_all()
        if self._http is not None:
            self._http.close()

    def _next(self) -> list[bytes]:
        """The events that go next, once there are enough or they waited enough; [] when it is over."""
        with self._changed:
            while not self._waiting:
                self._wants_all = False
                if self._is_closed:
                    return []
                self._changed.wait()
            deadline = time.monotonic() + self._flush_seconds
            while len(self._waiting) < self._batch and not self._wants_all and not self._is_closed:
                if (left := deadline - time.monotonic()) <= 0:
                    break
                self._changed.wait(left)
            batch: list[bytes] = []
            size = 0
            while self._waiting and len(batch) < self._batch and size + len(self._waiting[0]) <= MOST_BYTES:
                size += len(self._waiting[0]) + 1
                batch.append(self._waiting.popleft())
            self._under_way = len(batch)
            return batch

    def _send(self, batch: list[bytes]) -> None:
        import httpx

        if self._http is None:
            self._http = httpx.Client(timeout=self._timeout)
        body = b'{"events":[' + b",".join(batch) + b"]}"
        headers = {"x-api-key": self._key, "content-type": "application/json"}
        wait, most = RETRY_SECONDS
        while True:
            asked, why = None, ""
            try:
                response = self._http.post(self._url, content=body, headers=headers)
            except httpx.HTTPError as error:
                why = type(error).__name__
            else:
                if response.is_success:
                    self._settle(response, len(batch))
                    return
                why = f"{response.status_code} {response.text[:200]}"
                if response.status_code not in _PASSING:
                    if response.status_code == 413 and len(batch) > 1:
                        half = len(batch) // 2
                        self._send(batch[:half])
                        self._send(batch[half:])
                        return
                    break
                asked = _retry_after(response.headers.get("retry-after", ""))
            self._count("retries")
            pause = asked if asked is not None else wait * (0.5 + random.random() / 2)
            wait = min(wait * 2, most)
            if not self._rest(pause):
                break
        _log.warning("%d events were not taken: %s", len(batch), why)
        self._count("failed", len(batch))

    def _settle(self, response: "httpx.Response", sent: int) -> None:
        try:
            answer = response.json()
            rejected = list(answer.get("rejected", ()))
            accepted, duplicates = int(answer.get("accepted", 0)), int(answer.get("duplicates", 0))
        except (ValueError, TypeError, AttributeError):
            rejected, accepted, duplicates = [], sent, 0
        with self._changed:
            self._counts["accepted"] += accepted
            self._counts["duplicates"] += duplicates
            self._counts["rejected"] += len(rejected)
        if rejected:
            _log.warning("%d of %d events were rejected, the first because of %s", len(rejected), sent, rejected[0])

    def _rest(self, seconds: float) -> bool:
        """Wait before the next try; False when there is no time for one."""
        until = time.monotonic() + seconds
        with self._changed:
            while (left := until - time.monotonic()) > 0:
                if self._patience is not None and self._patience < until:
                    return False
                self._changed.wait(left)
            return self._patience is None or time.monotonic() < self._patience


def _retry_after(told: str) -> float | None:
    """Seconds that were asked for; None when that cannot be read."""
    try:
        return min(max(float(told), 0.0), 3_600.0)
    except ValueError:
        return None


def _flush_all() -> None:
    for tracker in list(_trackers):
        tracker.close()


def _forked() -> None:
    for tracker in list(_trackers):
        tracker._counts = dict.fromkeys(tracker._counts, 0)
        tracker._begin_anew()


atexit.register(_flush_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
