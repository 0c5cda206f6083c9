"""Which database a URL means."""

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
