"""Erasing a customer: nothing is kept of what they were offered."""

from collections.abc import Sequence

from sqlalchemy import delete

from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.notifications import service as service  # every process that may offer help keeps what it offers
from backend.notifications.models import Notification
from backend.work import Work


@also_erases
def erase_notifications(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """The offers go, with what the customer made of them."""
    mine = (Notification.business_id == work.business_id) & (Notification.customer_id == customer.id)
    work.session.execute(delete(Notification).where(mine).execution_options(synchronize_session=False))
