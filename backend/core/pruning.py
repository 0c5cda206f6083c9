"""Forgetting what nobody needs any more, some rows at a time, so that nobody waits for it."""

from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

AT_ONCE = 500
"""Rows in one transaction."""


def prune(session: Session, key: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> int:
    """Delete some rows for which all of `where` holds; how many. `key` tells them apart among those."""
    return len(_some(session, key, where, lambda found: delete(key.class_).where(*where, key.in_(found))))


def blank(
    session: Session, key: InstrumentedAttribute[Any], values: dict[str, Any], *where: ColumnElement[bool]
) -> int:
    """Set `values` in some rows for which all of `where` holds, and which then no longer does; how many."""
    return len(
        _some(session, key, where, lambda found: update(key.class_).where(*where, key.in_(found)).values(values))
    )


def _some(session: Session, key: Any, where: tuple[ColumnElement[bool], ...], statement: Any) -> list[Any]:
    found = list(session.scalars(select(key).where(*where).limit(AT_ONCE)))
    if found:
        session.execute(statement(found), execution_options={"synchronize_session": False})
    return found
