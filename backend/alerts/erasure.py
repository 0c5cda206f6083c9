"""Erasing a customer: nothing that was told outside of them is kept in words; that it was, and where, stays."""

from collections.abc import Sequence

from sqlalchemy import select, update

from backend.alerts.models import AlertItem
from backend.alerts.sharing import send_later
from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.delivery.models import Letter
from backend.work import Work

ERASED = "a customer who was erased"


@also_erases
def forget_told(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Empty what is to be told of them, and the letters that told it. A letter that has not left goes without words, so
    it is over: its other news are told again."""
    mine = (AlertItem.business_id == work.business_id) & (AlertItem.customer_id == customer.id)
    letters = set(work.session.scalars(select(AlertItem.letter_id).where(mine, AlertItem.letter_id.is_not(None))))
    quietly = {"synchronize_session": False}
    for id in sorted(letter for letter in letters if letter):
        own = (Letter.business_id == work.business_id) & (Letter.id == id)
        waits = work.session.scalar(select(Letter.state).where(own).with_for_update()) in ("PENDING", "FAILED")
        words = {"text": None, "subject": "Alerts"}
        work.session.execute(update(Letter).where(own).values(words), execution_options=quietly)
        if waits:
            again = (AlertItem.business_id == work.business_id) & (AlertItem.letter_id == id)
            unsent = update(AlertItem).where(again).values(sent_at=None, letter_id=None)
            places = set(work.session.scalars(select(AlertItem.destination).where(again)))
            work.session.execute(unsent, execution_options=quietly)
            for place in sorted(places):
                send_later(work, place)
    work.session.execute(update(AlertItem).where(mine).values(words=ERASED, value=None), execution_options=quietly)
