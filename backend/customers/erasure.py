"""Erasing a customer reaches into every slice: those above this one say here what they hold."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Text, cast, delete, false, or_, update

from backend.customers.holdings import leaves_out
from backend.customers.models import Customer
from backend.delivery.models import Letter
from backend.identity.models import IdempotentAnswer
from backend.jobs.models import DeadLetter, PendingJob
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


@also_erases
def forget_letters(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Empty the mails that were written to them: one that has not left goes without words, so it is over."""
    theirs = (Letter.business_id == work.business_id) & (Letter.customer_id == customer.id)
    emptied = {"recipient": None, "subject": "A mail to a customer who was erased", "text": None, "error": None}
    work.session.execute(update(Letter).where(theirs).values(emptied).execution_options(synchronize_session=False))


@also_erases
def forget_failures(work: Work, customer: Customer, known_as: Sequence[str]) -> None:
    """Why a job failed may quote what the customer was called; only refusals of ours do (see `core.errors.kept`)."""
    quoted = [repr(name) for name in known_as]
    for row in (DeadLetter, PendingJob):
        theirs = (row.business_id == work.business_id) & _holds(row.error, quoted)
        emptied = update(row).where(theirs).values(error="It spoke of a customer who was erased.")
        work.session.execute(emptied.execution_options(synchronize_session=False))


leaves_out("idempotent_answers", "copies of answers to repeated requests, kept for some days; erased with the customer")
_AT_ONCE = 50
"""Marks in one statement."""


def forget_answers(work: Work, marks: Collection[str]) -> None:
    """Kept answers of repeated requests hold the customer as it was: those go that hold one of `marks` as a JSON text."""
    wanted, answer = [orjson.dumps(mark).decode() for mark in marks], cast(IdempotentAnswer.answer, Text)
    for start in range(0, len(wanted), _AT_ONCE):
        holds = _holds(answer, wanted[start : start + _AT_ONCE])
        work.session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.business_id == work.business_id, holds))


def _holds(column: Any, marks: Collection[str]) -> ColumnElement[bool]:
    return or_(false(), *(column.contains(mark, autoescape=True) for mark in marks))
