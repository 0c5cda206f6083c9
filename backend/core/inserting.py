"""One row into its table, now."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Insert, insert, inspect
from sqlalchemy.orm import Session, make_transient_to_detached

from backend.core.rows import Base, table_of


class _Column(NamedTuple):
    attribute: str
    name: str
    default: Callable[[], Any] | None
    is_left_to_database: bool


def insert_now(session: Session, row: Base) -> None:
    """INSERT `row`, which is the session's from now on, with its defaults there to read.

    The same as `session.add` and `session.flush`, which look for what else changed, sort and batch: for one row that
    costs more than running the statement. Whatever was changed before still goes first. A row that is the session's
    already is written by the flush.
    """
    session.flush()
    if row in session:
        return
    statement, columns = _plan_of(type(row))
    known, values = row.__dict__, {}
    for column in columns:
        value = known.get(column.attribute)
        if value is None and column.default is not None:
            value = column.default()
        if value is None and column.is_left_to_database:
            continue
        if column.attribute not in known or value is not known[column.attribute]:
            known[column.attribute] = value
        values[column.name] = value
    session.connection().execute(statement, values)
    make_transient_to_detached(row)
    session.add(row)


@cache
def _plan_of(model: type[Base]) -> tuple[Insert, tuple[_Column, ...]]:
    mapper = inspect(model)
    columns = []
    for attribute in mapper.column_attrs:
        (column,) = attribute.columns
        columns.append(
            _Column(
                attribute.key,
                column.key,
                _default_of(column.default),
                column.server_default is not None,
            )
        )
    return insert(table_of(model)), tuple(columns)


def _default_of(default: Any) -> Callable[[], Any] | None:
    if default is None:
        return None
    if default.is_scalar:
        return lambda: default.arg
    return lambda: default.arg(None)
