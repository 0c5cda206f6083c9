"""The floor of the desk's tests, for people and accounts too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.console.desk.floor import Floor


@pytest_asyncio.fixture
async def floor(database_url: str, tmp_path: Path) -> AsyncIterator[Floor]:
    """See `tests.console.desk.floor.Floor`."""
    async with Floor(database_url, tmp_path / "data") as floor:
        yield floor
