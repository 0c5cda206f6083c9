"""What is counted of a customer stays when the customer is erased: figures without words."""

from collections.abc import Sequence

from backend.analytics.counting import count_all
from backend.customers.erasure import ERASERS
from backend.customers.models import Customer
from backend.work import Work


def count_before(work: Work, _customer: Customer, _known_as: Sequence[str]) -> None:
    """Count what is not counted yet, as long as the events have words and the signals are there."""
    count_all(work)


ERASERS.insert(0, count_before)  # before any other slice lets go of what is counted
