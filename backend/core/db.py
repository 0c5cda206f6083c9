"""Two databases behind one face: `read` and `write` run a synchronous unit on a `Session`, one transaction each.

No `await` fits inside a unit, so no network call, password hash or model run can hide in a transaction.
`merge` is a write whose unit takes everything that waits at that moment: the narrow path for signals.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from backend.core.outage import Outage, outage_of
from backend.core.rows import BusinessOwned

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item of a merged write
R = TypeVar("R")
B = TypeVar("B", bound="OfBusiness")

_GIVEN_UP = ("40001", "40P01")
"""Serialization failure, deadlock."""

ReadUnit = Callable[[Session], T]
MergedUnit = Callable[[Session, list[I]], Sequence[R]]


class Database(Protocol):
    """What the rest of the backend knows of a database. All three verbs raise Outage when it cannot do its work."""

    name: str
    outage: Outage | None
    on_commit: Callable[[dict[str, Any]], None]
    """Called on the event loop after each commit with the session's `info`, so that feeds and relays wake."""

    async def start(self) -> None: ...

    async def read(self, unit: Callable[[Session], T]) -> T:
        """Run `unit` on a snapshot; nothing it changes is kept."""
        ...

    async def write(self, unit: Callable[[Session], T]) -> T:
        """Run `unit` in a transaction. When this returns, it is on disk; when it raises, nothing has changed."""
        ...

    async def merge(self, unit: MergedUnit[I, R], item: I) -> R:
        """Run `unit` once for this item and all others that wait for the same unit, in one transaction."""
        ...

    async def close(self) -> None: ...


class Waiting:
    """Items of merged writes that wait for their turn, by unit. A poisoned item never takes its neighbours down."""

    @staticmethod
    def run(session_of: Callable[[], Any], unit: MergedUnit[Any, Any], items: list[Any]) -> list[Any]:
        """Results (or exceptions) in the order of `items`; `session_of()` is a context manager around one savepoint.

        What the database itself could not do is raised.
        """
        try:
            with session_of() as session:
                return list(unit(session, items))
        except Exception as error:
            if outage_of(error) is not None or must_start_over(error):  # it is nobody's item
                raise
            if len(items) == 1:
                return [error]
        results: list[Any] = []
        for item in items:
            try:
                with session_of() as session:
                    results.extend(unit(session, [item]))
            except Exception as error:
                if must_start_over(error):
                    raise
                results.append(error)
        return results


class OfBusiness(Protocol):
    """An item of a merged write that is of one business."""

    @property
    def business_id(self) -> str: ...


def by_business(session: Session, items: Sequence[B], take: Callable[[str, list[B]], Sequence[R]]) -> list[R]:
    """What `take` makes of the items, in their order. It is given those of one business at a time, and meanwhile the
    session sees the rows of that business only."""
    places: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        places.setdefault(item.business_id, []).append(place)
    results: dict[int, R] = {}
    for business_id, own in places.items():
        session.info["business_id"] = business_id
        try:
            results |= zip(own, take(business_id, [items[place] for place in own]), strict=True)
        finally:
            del session.info["business_id"]
    return [results[place] for place in range(len(items))]


def must_start_over(error: BaseException) -> bool:
    """Whether the database gave a whole transaction up in favour of another one: it left nothing behind."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _GIVEN_UP


@event.listens_for(Session, "do_orm_execute")
def _stay_in_business(state: ORMExecuteState) -> None:
    """Every ORM select, update and delete sees the rows of the session's business only.

    A select of the hottest paths that names its business itself says so by the option `names_business`: to add the
    condition to it anew each time cost more than to run it.
    """
    business_id = state.session.info.get("business_id")
    if business_id is None or state.is_column_load or state.is_relationship_load:
        return
    if state.execution_options.get("names_business"):
        return
    state.statement = state.statement.options(
        with_loader_criteria(BusinessOwned, lambda row: row.business_id == business_id, include_aliases=True)
    )


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite:///{path}"


def answer(future: "asyncio.Future[Any]", result: Any) -> None:
    """Settle a waiting caller; one that has gone away is left alone."""
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
