"""What is counted of a customer stays when the customer is erased: figures without words."""

from collections.abc import Sequence

from sqlalchemy import select

from backend.analytics.counting import count_all
from backend.analytics.models import Milestone
from backend.core.ids import new_id
from backend.customers.erasure import ERASERS, also_erases
from backend.customers.models import Customer
from backend.work import Work


def count_before(work: Work, _customer: Customer, _known_as: Sequence[str]) -> None:
    """Count what is not counted yet, as long as the events have words and the signals are there."""
    count_all(work)


@also_erases
def count_after(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Count by what is left of their cases, and know their orders by nothing that leads to a signal."""
    count_all(work)
    mine = (Milestone.business_id == work.business_id) & (Milestone.customer_id == customer.id)
    for row in work.session.scalars(select(Milestone).where(mine, Milestone.kind == "order")):
        row.source = f"erased:{new_id()}"


ERASERS.insert(0, count_before)  # before any other slice lets go of what is counted
