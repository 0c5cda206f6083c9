"""The floor of the desk's tests, with customers who pay and want to cancel."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.console.desk.floor import Floor
from tests.console.retention.world import Leaving


@pytest_asyncio.fixture
async def floor(database_url: str, tmp_path: Path) -> AsyncIterator[Floor]:
    """See `tests.console.desk.floor.Floor`."""
    async with Floor(database_url, tmp_path / "data") as floor:
        yield floor


@pytest_asyncio.fixture
async def leaving(floor: Floor) -> AsyncIterator[Leaving]:
    made = await Leaving(floor).begin()
    yield made
    await made.http.aclose()
