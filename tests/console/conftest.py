"""The console against a real server over sockets. The database behind it does not matter here: SQLite."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from backend.client import Client
from tests.console.place import Desk
from tests.support import wait
from tests.support.databases import Sqlite
from tests.support.server import Server

_A_PAINT = 0.02
"""Seconds: a console paints sixty times in one at most."""


@pytest.fixture
def database_url(sqlite_template: Sqlite, tmp_path: Path) -> str:
    return sqlite_template.make(tmp_path)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own for everything the console keeps, and no keyring."""
    monkeypatch.setenv("HOLDFAST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "settle_seconds", _A_PAINT)


@pytest.fixture
def server(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A server; `@pytest.mark.settings(feed_keep_events="5")` changes its settings."""
    mark = request.node.get_closest_marker("settings")
    server = Server(database_url, tmp_path / "data", **(mark.kwargs if mark else {})).start()
    yield server
    server.kill()


@pytest_asyncio.fixture
async def desk(server: Server) -> AsyncIterator[Desk]:
    """A business with an owner, and ways to change it from outside."""
    async with Client(server.url) as api:
        yield await Desk.open(server, api)
