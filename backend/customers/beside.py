"""What slices above tell of customers in a list: fields of CustomerRead that are found for a whole page at once."""

from collections.abc import Callable, Collection
from typing import Any

from backend.work import Work

Teller = Callable[[Work, Collection[str]], dict[str, dict[str, Any]]]
TELLERS: list[Teller] = []


def also_tells(teller: Teller) -> Teller:
    """Ask `teller` for fields of the customers of some ids, by id; it may leave customers out."""
    TELLERS.append(teller)
    return teller


def told_of(work: Work, customer_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """What everybody tells of these customers."""
    found: dict[str, dict[str, Any]] = {id: {} for id in customer_ids}
    for teller in TELLERS:
        for id, fields in teller(work, customer_ids).items():
            found[id] |= fields
    return found
