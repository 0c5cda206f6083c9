"""Forgetting what nobody needs any more, some rows at a time, so that nobody waits for it.

A slice says in its `pruning` what it forgets: `@forgets("answers", "Answers to repeated requests")`. How many days each
is kept is a setting of the rule set called keeping; one job a night (`rules.jobs`) goes through them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

if TYPE_CHECKING:
    from backend.work import Work

AT_ONCE = 500
"""Rows in one transaction."""

Step: TypeAlias = tuple[int, str | None]
"""How many were forgotten, and where to go on; None when nothing is left."""
Forget: TypeAlias = Callable[["Work", datetime, str], Step]
"""(work, what is older than this, where to go on: "" at first) -> a step."""


@dataclass(frozen=True)
class Kept:
    """Something that is kept for a time. `name` is its setting, less `Days`."""

    name: str
    label: str
    forget: Forget


KEPT: dict[str, Kept] = {}


def forgets(name: str, label: str) -> Callable[[Forget], Forget]:
    """Forget by the function below what is older than the setting `<name>Days` of the business."""

    def declare(forget: Forget) -> Forget:
        KEPT[name] = Kept(name, label, forget)
        return forget

    return declare


def again(count: int) -> Step:
    """A step that starts anew as long as something was found."""
    return count, "" if count else None


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
