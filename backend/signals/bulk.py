"""Many rows in one statement, handed to the driver as they are: no ORM, no work per value."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ARRAY, Column, ColumnElement, Select, String, Table, bindparam, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from backend.core.databases import insert_into
from backend.core.rows import Json, from_micros

_ROWS_AT_ONCE = 64
"""A power of two. SQLite takes 32,766 values in a statement."""


def dialect_of(session: Session) -> str:
    """`sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def moment_of(session: Session) -> Callable[[int | None], int | datetime | None]:
    """From microseconds to what the driver takes for an instant."""
    if dialect_of(session) == "sqlite":
        return _same
    return lambda micros: None if micros is None else from_micros(micros)


def _same(micros: int | None) -> int | None:
    return micros


class Chosen:
    """A select by ids, built once: `column` is one of `ids`, of one business. One parameter, however many ids.

    On SQLite an instant is microseconds, and all rows come as one: the driver lets another thread go on at each row that
    it fetches, and to get its turn again can take longer than the whole select.
    """

    def __init__(self, query: Select[Any], business: ColumnElement[Any], column: Column[Any]) -> None:
        query = query.where(business == bindparam("business"))
        values = func.json_each(bindparam("ids")).table_valued("value")
        parts = [func.json(part) if isinstance(part.type, Json) else part for part in query.selected_columns]
        chosen = query.with_only_columns(func.json_group_array(func.json_array(*parts)), maintain_column_froms=True)
        chosen = chosen.where(column.in_(select(values.c.value))).order_by(None)
        self._sqlite = str(chosen.compile(dialect=sqlite.dialect(paramstyle="named")))
        self._postgresql = query.where(column == func.any(bindparam("ids", type_=ARRAY(String))))

    def rows(self, session: Session, business_id: str, ids: Collection[str]) -> Sequence[Any]:
        """The rows of `ids`."""
        if not ids:
            return []
        if (driver := _sqlite_driver(session)) is None:
            given = {"business": business_id, "ids": list(ids)}
            return session.connection().execute(self._postgresql, given).all()
        given = {"business": business_id, "ids": orjson.dumps(list(ids)).decode()}
        rows: list[Any] = orjson.loads(driver.execute(self._sqlite, given).fetchone()[0])
        return rows


def _sqlite_driver(session: Session) -> Any:
    """The driver's own connection, inside the session's transaction; None on PostgreSQL.

    A group is a few dozen signals: five statements through SQLAlchemy would cost each of them more than its row does.
    """
    connection = session.connection()
    return connection.connection.driver_connection if connection.dialect.name == "sqlite" else None


class Bulk:
    """An insert of many rows that leaves rows alone that are there, but for the columns in `updates`.

    Rows are tuples in the order of `columns`, each value in the driver's own form: instants by `moment_of`, JSON as
    text. `columns` stand in the order of the table, and the business is among them.
    """

    def __init__(self, table: Table, columns: Sequence[str], *, key: Sequence[str] = (), updates: Sequence[str] = ()):
        assert "business_id" in columns
        self.table, self.columns, self.key, self.updates = table, list(columns), list(key), list(updates)
        self._row = f"({', '.join('?' * len(self.columns))})"
        self._sql: dict[str, str] = {}

    def insert(self, session: Session, rows: list[tuple[Any, ...]]) -> None:
        """Insert `rows` (or update those that are there)."""
        if not rows:
            return
        statement = self._statement(session)
        if (driver := _sqlite_driver(session)) is None:
            session.connection().exec_driver_sql(statement, rows)
            return
        # A few statements of many rows each, of sizes that the driver remembers: it lets others go on at each of them.
        head, row, tail = statement.partition(self._row)
        start = 0
        while start < len(rows):
            count = min(_ROWS_AT_ONCE, 1 << (len(rows) - start).bit_length() - 1)
            values = [value for part in rows[start : start + count] for value in part]
            driver.execute(head + ", ".join([row] * count) + tail, values)
            start += count

    def _statement(self, session: Session) -> str:
        name = dialect_of(session)
        if name not in self._sql:
            statement = insert_into(self.table, name)
            if self.updates:
                updated = {column: statement.excluded[column] for column in self.updates}
                statement = statement.on_conflict_do_update(index_elements=self.key, set_=updated)
            else:
                statement = statement.on_conflict_do_nothing()
            compiled = statement.compile(dialect=session.get_bind().dialect, column_keys=self.columns)
            assert list(compiled.positiontup) == self.columns
            self._sql[name] = str(compiled)
        return self._sql[name]
