"""Which jobs there are: plain data, so that declaring one imports no job library."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from backend.core.errors import Said
from backend.events.event import Event

Queue = Literal["default", "slow", "outside"]
"""`outside` is for jobs that wait for another system's answer: they must not hold up the timers."""
Scope = Literal["business", "installation"]


class GiveUp(Said):
    """Trying again cannot help: the job goes to the dead letters at once."""


class JobContext(Protocol):
    """What a job is handed: units of its business, and what it may need of the runtime."""

    job_id: str
    business_id: str
    request_id: str
    attempt: int
    runtime: Any

    async def read(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...

    async def write(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...


JobFunction = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Job:
    """A function that runs later, or again. Its name is `slice.function` and never changes once shipped.

    `retries` counts the tries after the first, so a job that keeps failing is a dead letter after `retries + 1`.
    The n-th retry waits `backoff_seconds * 2**(n-1)`, an hour at most, less up to half of it by chance.
    """

    name: str
    run: JobFunction
    retries: int = 3
    backoff_seconds: float = 1.0
    queue: Queue = "default"
    timeout_seconds: float | None = None
    is_of_webhook: bool = False
    """Whether it applies a webhook: how long that takes is measured apart."""
    is_gathering: bool = False
    """Whether one run is enough for all events since the last one. It cancels its timer, whose key is its name, under
    the lock of the log before it reads what there is; so no event is left without a run after it."""


@dataclass(frozen=True)
class Schedule:
    """A job that runs by itself, by a five-field cron expression in UTC: once per business, or once in all."""

    job: Job
    cron: str
    scope: Scope = "business"


class Timer(NamedTuple):
    """A job wanted at an instant, under a key by which it is moved and cancelled."""

    job: str
    at: datetime
    key: str
    args: dict[str, Any]


JOBS: dict[str, Job] = {}
SCHEDULES: list[Schedule] = []
SUBSCRIBERS: dict[type[Event], list[Job]] = {}


def job(
    *,
    retries: int = 3,
    backoff_seconds: float = 1.0,
    queue: Queue = "default",
    timeout_seconds: float | None = None,
    is_of_webhook: bool = False,
    is_gathering: bool = False,
) -> Callable[[JobFunction], Job]:
    """Declare a job: `@job(retries=5) async def send(ctx, *, message_id)`. Enqueue it with `work.enqueue(send, …)`.

    It may run again after a kill in its midst, so what it does outside must bear repeating.
    """

    def declare(run: JobFunction) -> Job:
        name = f"{run.__module__.split('.')[-2:][0]}.{run.__name__}"
        if name in JOBS:
            raise ValueError(f"two jobs are called {name}")
        JOBS[name] = Job(name, run, retries, backoff_seconds, queue, timeout_seconds, is_of_webhook, is_gathering)
        return JOBS[name]

    return declare


def cron(expression: str, *, scope: Scope = "business") -> Callable[[Job], Job]:
    """Run a declared job on a schedule: put above `@job()`. With scope `installation` its business is the empty one."""

    def schedule(job: Job) -> Job:
        SCHEDULES.append(Schedule(job, expression, scope))
        return job

    return schedule


def on(*events: type[Event]) -> Callable[[Job], Job]:
    """Run a declared job after each such event, once per event: put above `@job()`. It gets `event_id` and `seq`."""

    def subscribe(job: Job) -> Job:
        for event in events:
            SUBSCRIBERS.setdefault(event, []).append(job)
        return job

    return subscribe
