"""Fixtures for everybody. `backend` is the whole backend in this process, `server` the real thing over sockets.

Both run on SQLite and on PostgreSQL; `@pytest.mark.alike` keeps what cannot differ there to SQLite, unless `--both`.
`@pytest.mark.settings(sign_in_per_minute=10)` changes the backend's settings.
"""

from tests.support.hurry import hurry, settle

hurry()

# ruff: noqa: E402 - what follows is found, compiled and kept in the places that were just settled
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_asyncio

from tests.support import browser as browsers
from tests.support.backend import Backend
from tests.support.databases import Postgres, Sqlite
from tests.support.server import Server

# The same examples each time, however slow the machine is: a suite that fails fails for what was changed.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--both", action="store_true", help="run what is alike on both databases on PostgreSQL too")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what PostgreSQL would only say a second time, unless it is asked for.

    What is made once for a file (a demo, a model that learned), or for all (Chromium), is made in one process of those
    that share the tests.
    """
    for item in items if config.pluginmanager.hasplugin("xdist") else ():
        if any(made.scope == "module" for made in _fixtures_of(item)):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        elif "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("browser"))
    if config.getoption("--both"):
        return
    told = [item for item in items if item.get_closest_marker("alike") and "postgresql" in item.name]
    config.hook.pytest_deselected(items=told)
    gone = set(told)
    items[:] = [item for item in items if item not in gone]


def _fixtures_of(item: pytest.Item) -> Iterator[Any]:
    found: dict[str, Any] = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    return (definitions[-1] for definitions in found.values() if definitions)


def pytest_collection_finish() -> None:
    """Everything is imported."""
    settle()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    return Sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One server for this test process."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    if request.param == "sqlite":
        template: Sqlite = request.getfixturevalue("sqlite_template")
        yield template.make(tmp_path)
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name = server.make()
    yield server.url(name)
    server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables; on SQLite, of a file that is not there yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name = server.make_empty()
    yield server.url(name)
    server.drop(name)


@pytest_asyncio.fixture
async def backend(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[Backend]:
    """See `tests.support.backend.Backend`."""
    mark = request.node.get_closest_marker("settings")
    async with Backend(database_url, tmp_path / "data", **(mark.kwargs if mark else {})) as backend:
        yield backend


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """See `tests.support.server.Server`; it is ready, and killed at the end."""
    server = Server(database_url, tmp_path / "data").start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def chromium() -> Iterator[browsers.Chromium]:
    """One Chromium for this test process; without one on the machine, the test is skipped."""
    if (binary := browsers.installed()) is None:
        pytest.skip(browsers.MISSING)
    running = browsers.Chromium(binary)
    yield running
    running.stop()


@pytest_asyncio.fixture
async def browser(chromium: browsers.Chromium) -> AsyncIterator[browsers.Browser]:
    """See `tests.support.browser.Browser`."""
    async with browsers.profile(chromium) as browser:
        yield browser
