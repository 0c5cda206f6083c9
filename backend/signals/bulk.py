"""Many rows in one statement, handed to the driver as they are: no ORM, no work per value."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.core.rows import from_micros


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


class Bulk:
    """An insert of many rows that leaves rows alone that are there, but for the columns in `updates`.

    Rows are tuples in the order of `columns`, each value in the driver's own form: instants by `moment_of`, JSON as
    text. `columns` stand in the order of the table, and the business is among them.
    """

    def __init__(self, table: Table, columns: Sequence[str], *, key: Sequence[str] = (), updates: Sequence[str] = ()):
        assert "business_id" in columns
        self.table, self.columns, self.key, self.updates = table, list(columns), list(key), list(updates)
        self._sql: dict[str, str] = {}

    def insert(self, session: Session, rows: list[tuple[Any, ...]]) -> None:
        """Insert `rows` (or update those that are there)."""
        if rows:
            session.connection().exec_driver_sql(self._statement(session), rows)

    def _statement(self, session: Session) -> str:
        name = dialect_of(session)
        if name not in self._sql:
            dialect: Any = postgresql if name == "postgresql" else sqlite
            statement = dialect.insert(self.table)
            if self.updates:
                updated = {column: statement.excluded[column] for column in self.updates}
                statement = statement.on_conflict_do_update(index_elements=self.key, set_=updated)
            else:
                statement = statement.on_conflict_do_nothing()
            compiled = statement.compile(dialect=session.get_bind().dialect, column_keys=self.columns)
            assert list(compiled.positiontup) == self.columns
            self._sql[name] = str(compiled)
        return self._sql[name]
