"""The floor of the desk's tests, on SQLite: what is tested is the screen."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.console.desk.floor import Floor
from tests.support.databases import Sqlite


@pytest.fixture
def database_url(sqlite_template: Sqlite, tmp_path: Path) -> str:
    return sqlite_template.make(tmp_path)


@pytest_asyncio.fixture
async def floor(database_url: str, tmp_path: Path) -> AsyncIterator[Floor]:
    async with Floor(database_url, tmp_path / "data") as floor:
        yield floor
