"""The one composition root: every long-lived part of a process, made from the settings."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from backend import slices
from backend.billing.gateway import Gateways
from backend.billing.trust import Trust
from backend.core.clock import Clock, RealClock
from backend.core.databases import connect
from backend.core.db import Database
from backend.core.limits import RateLimit
from backend.core.meters import Meters
from backend.core.outside import Outside
from backend.core.sealing import Vault
from backend.events.feed import Feed
from backend.events.presence import Presence
from backend.identity.attendance import Attendance
from backend.identity.gate import Gate
from backend.identity.service import business_ids
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.jobs.worker import Worker


@dataclass
class Runtime:
    """What a process holds. Tests make their own with a frozen clock."""

    settings: Settings
    clock: Clock
    database: Database
    feed: Feed
    presence: Presence
    attendance: Attendance
    gate: Gate
    registry: CollectorRegistry
    sign_in_limit: RateLimit
    track_limit: RateLimit
    retention_limit: RateLimit
    retention_address_limit: RateLimit
    copilot_limit: RateLimit
    meters: Meters
    outside: Outside
    stripe: Gateways
    trust: Trust
    worker: "Worker | None" = None

    @classmethod
    def build(cls, settings: Settings, clock: Clock | None = None) -> "Runtime":
        """Everything wired together, nothing started."""
        for part in (
            "models",
            "events",
            "jobs",
            "erasure",
            "rules",
            "guards",
            "pruning",
        ):  # what slices declare by being imported
            slices.load(part)
        clock = clock or RealClock()
        database = connect(settings.resolved_database_url())
        feed = Feed(database)
        gate = Gate(database, clock, settings)
        registry = CollectorRegistry()
        outside = Outside(clock, is_private_open=settings.private_addresses)
        runtime = cls(
            settings,
            clock,
            database,
            feed,
            Presence(feed),
            Attendance(database, clock, settings.attendance_seconds),
            gate,
            registry,
            RateLimit(settings.sign_in_per_minute, clock),
            RateLimit(settings.track_per_minute, clock),
            RateLimit(settings.retention_per_minute, clock),
            RateLimit(settings.retention_per_minute_and_address, clock),
            RateLimit(settings.copilot_per_minute, clock, "questions"),
            Meters(registry),
            outside,
            Gateways(outside, settings.stripe_api_base),
            Trust(database, settings),
        )
        database.on_commit = runtime.committed
        return runtime

    def committed(self, info: dict[str, Any]) -> None:
        """After each commit: the feeds of the businesses that have news, and the relay when jobs are wanted."""
        if businesses := info.get("businesses"):
            self.feed.wake(businesses)
        if rated := info.get("rated"):
            self.meters.risk.note(rated)
        if (due := info.get("jobs")) and self.worker:
            self.worker.wake(due)

    @cached_property
    def vault(self) -> Vault:
        """Opens the credentials of other systems."""
        return Vault(self.settings.resolved_secret())

    @property
    def jobs_state(self) -> str:
        """How the jobs of this process are: `elsewhere`, or what the worker says."""
        return self.worker.state if self.worker else "elsewhere"

    async def start(self, *, run_jobs: bool = True) -> None:
        """Open the database; with `run_jobs`, start jobs and timers behind the first requests."""
        await self.database.start()
        self.attendance.start()
        if run_jobs:
            self.worker = self.make_worker()
            self.worker.start_soon(self.settings.jobs_after_seconds)

    def make_worker(self) -> "Worker":
        """A worker for this process, not started: its imports cost what a process without jobs need not pay."""
        from backend.jobs.worker import Worker

        url = self.settings.resolved_database_url()
        return Worker(self.database, self.clock, database_url=url, runtime=self, businesses=business_ids)

    async def close(self) -> None:
        if self.worker:
            await self.worker.stop()
        await self.attendance.close()
        await self.outside.close()
        await self.feed.close()
        await self.database.close()
