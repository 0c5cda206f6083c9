"""Bringing a database to the schema that this release needs. Forward only: the backup is the way back."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

FOLDER = Path(__file__).parent
_LOCK = 0x686F6C64  # "hold": the advisory lock that migrating processes queue for on PostgreSQL


class Unusable(Exception):
    """The database cannot be used: it does not answer, it is no database, or it is from a later release."""


def revisions() -> list[str]:
    """The numbers of the revisions of this release, oldest first: `0001`, `0002`, …"""
    return sorted(path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def is_current(url: str) -> bool:
    """Whether the schema at `url` is this release's. Cheap: imports no Alembic and no SQLAlchemy."""
    return _revision(url) == revisions()[-1]


def migrate(url: str) -> list[str]:
    """Bring the database at `url` up to date, in one transaction; answer the revisions that were applied.

    Of processes that start together, one migrates and the others wait for it. An SQLite file that holds data is
    first copied beside itself as `<name>.before-<revision>-<time>`. Unusable when it cannot be.
    """
    if is_current(url):
        return []
    engine = _engine(url)
    try:
        with engine.connect() as connection, connection.begin():
            return _upgrade(connection, url)
    finally:
        engine.dispose()


def _upgrade(connection: "Connection", url: str) -> list[str]:
    from alembic import command
    from alembic.runtime.migration import MigrationContext

    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql(
            "SET LOCAL lock_timeout = '10s'"
        )  # rather fail than queue the whole service behind us
    known, present = revisions(), MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in known:
        raise Unusable(
            f"The database is at revision {present}; this release knows up to {known[-1]}. Upgrade Holdfast."
        )
    missing = known[known.index(present) + 1 :] if present else known
    if not missing:
        return []  # somebody else migrated while we waited
    if is_sqlite and present is not None:
        _back_up(url, missing[-1])
    command.upgrade(config(connection), "head")
    if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
        raise RuntimeError(f"migrating would leave a row of {broken[0]} that points at nothing; nothing was changed")
    return missing


def config(connection: "Connection | None" = None) -> "Config":
    """Alembic's configuration, which needs no file."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["connection"] = connection
    return made


def _engine(url: str) -> "Engine":
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    if not url.startswith("sqlite"):
        return create_engine(f"postgresql+psycopg://{url.split('://', 1)[1]}", poolclass=NullPool)
    _path(url).parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # passwords' hashes are in there
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 60})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        # With it on, recreating a parent table deletes the children that cascade.
        connection.execute("PRAGMA foreign_keys=OFF")

    @event.listens_for(engine, "begin")
    def _begin(connection: "Connection") -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the lock that migrating processes queue for

    return engine


def _back_up(url: str, revision: str) -> None:
    """Copy the file as it was before this transaction: readers are not kept out by a writer that has not committed."""
    from backend.core.clock import RealClock

    path = _path(url)
    copy = path.with_name(f"{path.name}.before-{revision}-{RealClock().now():%Y%m%dT%H%M%S}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _revision(url: str) -> str | None:
    """The revision that the database says it is at; None when it has no schema. Unusable when it does not say."""
    if url.startswith("sqlite:///"):
        try:
            return _sqlite_revision(url)
        except sqlite3.Error as error:
            raise Unusable(f"{_path(url)} is no database that Holdfast can use: {error}.") from error
    if not url.startswith("postgres"):
        raise Unusable("Give the database as sqlite:///file.db or postgresql://user@host/name.")
    import asyncpg  # type: ignore[import-untyped]

    try:
        return asyncio.run(_postgres_revision(f"postgresql://{url.split('://', 1)[1]}"))
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unusable(f"The PostgreSQL database does not answer: {error}.") from error


def _sqlite_revision(url: str) -> str | None:
    if not _path(url).exists():
        return None
    with closing(sqlite3.connect(_path(url), timeout=60)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return row[0] if row else None


async def _postgres_revision(url: str) -> str | None:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return revision
    finally:
        await connection.close()
