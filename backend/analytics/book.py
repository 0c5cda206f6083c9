"""The milestones that one transaction touches: read together, changed in memory, written together."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from backend.analytics.models import Milestone
from backend.core.rows import table_of
from backend.work import Work

_TABLE = table_of(Milestone)
_C = _TABLE.c
_KEY = ("kind", "source")
_CHANGING = ("category", "channel", "screen", "is_self_serve", "outcome", "is_converted")
_INSERT = insert(_TABLE)
_UPDATE = (
    update(_TABLE)
    .where(_C.business_id == bindparam("the_business"), _C.kind == bindparam("the_kind"))
    .where(_C.source == bindparam("the_source"))
    .values({name: bindparam(name) for name in _CHANGING})
)
_EMPTY: dict[str, Any] = {column.key: False if column.key.startswith("is_") else None for column in _C}
_AT_ONCE = 500
"""Ids in one select."""


class Book:
    """What is known of some cases and customers, and what is new."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        self._new: list[dict[str, Any]] = []
        self._changed: dict[tuple[str, str], dict[str, Any]] = {}
        self._by_case: dict[str, list[dict[str, Any]]] = {}
        self._cases_of: dict[str, set[str]] = {}
        self.touched: list[datetime] = []
        """The instants whose days are others now."""

    def load_cases(self, ids: Collection[str]) -> None:
        """Read what is counted of these cases."""
        self._load(_C.incidence_id, ids)

    def load_customers(self, ids: Collection[str]) -> None:
        """Read what is counted of these customers."""
        self._load(_C.customer_id, ids)

    def _load(self, column: Any, ids: Collection[str]) -> None:
        wanted = sorted(ids)
        for start in range(0, len(wanted), _AT_ONCE):
            query = select(_TABLE).where(
                _C.business_id == self._work.business_id, column.in_(wanted[start : start + _AT_ONCE])
            )
            for row in self._work.session.connection().execute(query).mappings():
                self._keep(dict(row))

    def _keep(self, row: dict[str, Any]) -> None:
        key = row["kind"], row["source"]
        if key not in self._known:
            self._known[key] = row
            if row["incidence_id"] is not None and row["kind"] != "order":
                self._by_case.setdefault(row["incidence_id"], []).append(row)
                self._cases_of.setdefault(row["customer_id"] or "", set()).add(row["incidence_id"])

    def of_case(self, id: str) -> list[dict[str, Any]]:
        """The milestones of a case that were read or made."""
        return self._by_case.get(id, [])

    def of_customer(self, id: str) -> Iterable[list[dict[str, Any]]]:
        """The milestones of each case of a customer."""
        return [self._by_case[case] for case in self._cases_of.get(id, ())]

    def has(self, kind: str, source: str) -> bool:
        """Whether it is counted already."""
        return (kind, source) in self._known

    def add(self, kind: str, source: str, at: datetime, **values: Any) -> dict[str, Any]:
        """One milestone more."""
        row = _EMPTY | {"business_id": self._work.business_id, "kind": kind, "source": source, "at": at} | values
        self._new.append(row)
        self._keep(row)
        self.touched.append(at)
        return row

    def change(self, row: dict[str, Any], **values: Any) -> None:
        """Let a milestone say something else, if it does not already."""
        if all(row[name] == value for name, value in values.items()):
            return
        row.update(values)
        self._changed[row["kind"], row["source"]] = row
        self.touched.append(row["at"])

    def write(self) -> None:
        """Write what is new and what is other."""
        connection = self._work.session.connection()
        if self._new:
            connection.execute(_INSERT, self._new)
        fresh = {(row["kind"], row["source"]) for row in self._new}
        others = [
            {
                "the_business": self._work.business_id,
                "the_kind": row["kind"],
                "the_source": row["source"],
                **{name: row[name] for name in _CHANGING},
            }
            for key, row in self._changed.items()
            if key not in fresh
        ]
        if others:
            connection.execute(_UPDATE, others)
