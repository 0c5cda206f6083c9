"""Erasing a customer reaches into every slice: those above this one say here what they hold."""

from collections.abc import Callable, Sequence

from backend.customers.models import Customer
from backend.work import Work

Eraser = Callable[[Work, Customer, Sequence[str]], None]
"""Gets the customer, whose own fields are empty already, and what others called them: external id and handles."""
ERASERS: list[Eraser] = []


def also_erases(eraser: Eraser) -> Eraser:
    """Run `eraser` in the transaction that erases a customer, whose own fields are empty by then.

    It locks what it erases first: the words of the customer's events are emptied last, when nobody is adding to them.
    """
    ERASERS.append(eraser)
    return eraser
