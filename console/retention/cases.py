"""Which case to jump to from a customer who wants to cancel, or pays."""

from collections.abc import Iterable
from typing import Any

from console.store import Store


def case_of(store: Store, customer_id: str, incidence_id: str | None = None) -> str | None:
    """The case named, else the newest of the customer in the mirror, open ones first; None when there is none."""
    if incidence_id is not None:
        return incidence_id
    theirs = (row for row in store.incidences.values() if row["customer"]["id"] == customer_id)
    newest = max(theirs, key=lambda row: (row["status"] != "CLOSED", row["createdAt"]), default=None)
    return None if newest is None else str(newest["incidenceId"])


def cases_of(store: Store, rows: Iterable[Any]) -> list[str]:
    """The cases of rows of runs or subscriptions, in their order, which J and K walk."""
    found = [case_of(store, *_whose(row)) for row in rows if row is not None]
    return list(dict.fromkeys(id for id in found if id is not None))


def _whose(row: Any) -> tuple[str, str | None]:
    if isinstance(row, dict):
        return row["customerId"], row.get("incidenceId")
    return row.customer_id, None
