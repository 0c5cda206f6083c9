"""What was planned for a customer who is erased loses its words; that it was, and what came of it, stays as a figure."""

from collections.abc import Sequence

from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.interventions import repository, service
from backend.work import Work


@also_erases
def forget_words(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Empty what was written of every intervention; what is not done is cancelled."""
    for row in repository.of_customer(work.session, work.business_id, customer.id):
        service.end_with_customer(work, row)
