"""Which database a URL means, and what only one of the two kinds understands. Imports no more of SQLAlchemy than it needs."""

from typing import Any

from sqlalchemy.orm import Session

from backend.core.db import Database


def connect(url: str) -> Database:
    """The database at `url`: `sqlite:///file.db`, or `postgresql://…`. ValueError for any other kind."""
    if url.startswith("sqlite"):
        from backend.core.sqlite import SqliteDatabase

        return SqliteDatabase(url)
    if url.startswith(("postgresql", "postgres")):
        from backend.core.postgres import PostgresDatabase

        return PostgresDatabase(url)
    raise ValueError(f"database URL {url!r}: give sqlite:///file.db or postgresql://user@host/name")


def insert_into(table: Any, session: Session | str) -> Any:
    """An INSERT into a model or table that takes ON CONFLICT, for the database of `session` (or the dialect so called)."""
    name = session if isinstance(session, str) else session.get_bind().dialect.name
    if name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_in_postgresql

        return insert_in_postgresql(table)
    from sqlalchemy.dialects.sqlite import insert as insert_in_sqlite

    return insert_in_sqlite(table)
