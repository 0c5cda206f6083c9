"""A worker on a real database of each kind, with a frozen clock."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from backend.core.clock import FrozenClock
from backend.core.databases import connect
from backend.core.db import Database
from backend.jobs import cron
from backend.jobs.worker import Worker
from backend.work import Work

BUSINESS = "01900000-0000-7000-8000-000000000001"


@pytest.fixture
def url(database_url: str) -> str:
    """The URL of a database with all tables and nothing in them."""
    return database_url


@pytest.fixture(autouse=True)
def no_schedules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Schedules of slices that other tests have loaded want tables that are not here."""
    monkeypatch.setattr(cron, "SCHEDULES", [])


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = connect(url)
    await database.start()
    yield database
    await database.close()


@pytest_asyncio.fixture
async def worker(database: Database, url: str, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Worker]:
    worker = Worker(
        database, clock, database_url=url, runtime=str(tmp_path), businesses=lambda _session: [BUSINESS, "other"]
    )
    await worker.start()
    yield worker
    await worker.stop(grace_seconds=0)


class Desk:
    """Runs services as a business would."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.database, self.clock = database, clock

    async def __call__(self, service: Callable[..., Any], *args: Any, business: str = BUSINESS, **kwargs: Any) -> Any:
        def unit(session: Any) -> Any:
            session.info["business_id"] = business
            return service(Work(session, business, self.clock.now()), *args, **kwargs)

        return await self.database.write(unit)

    async def rows(self, model: type[Any]) -> list[Any]:
        from sqlalchemy import select

        return await self.database.read(lambda session: list(session.scalars(select(model)).all()))


@pytest.fixture
def desk(database: Database, clock: FrozenClock) -> Desk:
    return Desk(database, clock)
