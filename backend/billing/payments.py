"""The mirror of what was billed: invoices, what of them was paid, given back and disputed."""

from typing import Any

from sqlalchemy import func, or_, select

from backend.billing import events, mirror, normal, payers, repository, takings_keeping
from backend.billing.mirror import Keeping, Outcome
from backend.billing.models import Dispute, Invoice, Subscription
from backend.core.money import to_major
from backend.work import Work

OPEN_DISPUTES = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
_NOT_TAKEN = ("won", "prevented", "warning_closed")
"""Disputes in which the money stays, or came back."""
_OUTCOMES = {"won": "won", "lost": "lost", "warning_closed": "won"}


def keep_invoice(work: Work, raw: normal.Raw, look: int, *, is_news: bool, event_id: str | None = None) -> Outcome:
    """Keep an invoice as it was shown; tell when it was paid, or could not be collected."""
    shown = normal.invoice(raw)
    subscription = mirror.find(work, shown.subscription_id) if shown.subscription_id else None
    row = _known_invoice(work, shown.id)
    if row is not None and row.look > look:
        return "unchanged"
    values = {name: value for name, value in shown.columns.items() if value is not None or row is None}
    values["subscription_id"] = subscription.id if subscription else None
    values["created_at"] = values.get("created_at") or work.now
    was_paid, attempts = (row.status == "paid", row.attempts) if row else (False, 0)
    if row is None:
        customer = payers.known_payer(work, shown.customer_id) if shown.customer_id else None
        row = Invoice(stripe_invoice_id=shown.id, customer_id=customer.id if customer else None, **values)
        row.read_at, row.look = work.now, look
        work.add(row)
        is_changed = True
    else:
        is_changed = _set(row, values)
        row.read_at, row.look = work.now, look
        work.session.flush()
    if subscription is None:
        return "applied" if is_changed else "unchanged"
    if _mark_unpaid(work, subscription, look, is_news=is_news, event_id=event_id):
        is_changed = True
    if is_news and row.status == "paid" and not was_paid and row.amount_paid > 0:
        mirror.tell(work, events.InvoicePaid, subscription, _told(row, row.amount_paid, event_id))
    if is_news and row.status == "open" and row.attempts > attempts:
        told = _told(row, row.total - row.amount_paid, event_id) | {"attempts": row.attempts}
        if row.due_at is not None:
            told["nextAttemptAt"] = row.due_at.isoformat().replace("+00:00", "Z")
        mirror.tell(work, events.PaymentFailed, subscription, told)
    return "applied" if is_changed else "unchanged"


def invoice_of_charge(work: Work, charge: normal.Charge) -> str | None:
    """Stripe's id of the invoice that the charge paid, when the mirror knows it."""
    row = _invoice_paid_by(work, charge.id, charge.payment_intent_id, charge.invoice_id)
    return row.stripe_invoice_id if row else None


def keep_charge(work: Work, raw: normal.Raw, look: int) -> Outcome:
    """What was given back of a charge is given back of its invoice. It shrinks when a refund fails."""
    shown = normal.charge(raw)
    row = _invoice_paid_by(work, shown.id, shown.payment_intent_id, shown.invoice_id)
    if row is None:
        return "unchanged"
    work.session.refresh(row, with_for_update={"key_share": True})
    if row.charge_look > look:
        return "unchanged"
    row.charge_look = look
    return "applied" if _set(row, {"stripe_charge_id": shown.id, "refunded": shown.refunded}) else "unchanged"


def keep_dispute(work: Work, raw: normal.Raw, look: int, *, is_news: bool, event_id: str | None = None) -> Outcome:
    """Keep a dispute as it was shown; tell when it was opened, and how it ended."""
    shown = normal.dispute(raw)
    invoice = _invoice_paid_by(work, shown.charge_id, shown.payment_intent_id, None)
    subscription = mirror.locked(work, invoice.subscription_id) if invoice and invoice.subscription_id else None
    if invoice is not None:  # rows are locked in one order: subscription, invoice, dispute
        work.session.refresh(invoice, with_for_update={"key_share": True})
    row = _known_dispute(work, shown.id)
    if row is not None and row.look > look:
        return "unchanged"
    known = payers.known_payer(work, shown.charge.customer_id) if shown.charge and shown.charge.customer_id else None
    customer_id = invoice.customer_id if invoice and invoice.customer_id else known.id if known else None
    values = shown.columns | {
        "customer_id": customer_id,
        "invoice_id": invoice.id if invoice else None,
        "subscription_id": subscription.id if subscription else None,
        "created_at": shown.columns["created_at"] or work.now,
    }
    before = row.status if row else None
    if row is None:
        row = work.add(Dispute(stripe_dispute_id=shown.id, read_at=work.now, look=look, **values))
        is_changed = True
    else:
        is_changed = _set(row, values)
        row.read_at, row.look = work.now, look
        work.session.flush()
    if invoice is not None:
        invoice.disputed = _disputed(work, invoice.id)
    if is_changed:
        takings_keeping.forget_days(work, [row.created_at])
    if subscription is None:
        return "applied" if is_changed else "unchanged"
    Keeping(work, look, is_news=is_news, event_id=event_id).change(
        subscription, is_disputed=_is_disputed(work, subscription.id)
    )
    told: dict[str, Any] = {"amount": to_major(row.amount, row.currency), "currency": row.currency}
    if event_id:
        told["stripeEvent"] = event_id
    if is_news and before is None and row.status in OPEN_DISPUTES:
        mirror.tell(work, events.DisputeOpened, subscription, told | {"reason": row.reason})
    outcome = _OUTCOMES.get(row.status)
    if is_news and outcome and before != row.status:
        mirror.tell(work, events.DisputeClosed, subscription, told | {"outcome": outcome})
    return "applied" if is_changed else "unchanged"


def _mark_unpaid(work: Work, row: Subscription, look: int, *, is_news: bool, event_id: str | None) -> bool:
    mine = (Invoice.business_id == work.business_id) & (Invoice.subscription_id == row.id)
    tried = select(func.count()).select_from(Invoice).where(mine, Invoice.status == "open", Invoice.attempts > 0)
    is_unpaid = row.status in ("past_due", "unpaid") or bool(work.session.scalar(tried))
    return Keeping(work, look, is_news=is_news, event_id=event_id).change(row, has_unpaid_invoice=is_unpaid)


def _invoice_paid_by(
    work: Work, charge_id: str | None, payment_intent_id: str | None, invoice_id: str | None
) -> Invoice | None:
    """The invoice that a charge paid: old charges name it, of newer ones the payment intent is the link."""
    ways = (
        (Invoice.stripe_invoice_id, invoice_id),
        (Invoice.stripe_charge_id, charge_id),
        (Invoice.stripe_payment_intent_id, payment_intent_id),
    )
    known = [column == id for column, id in ways if id]
    if not known:
        return None
    query = select(Invoice).where(Invoice.business_id == work.business_id, or_(*known)).order_by(Invoice.id).limit(1)
    return work.session.scalar(query)


def _known_invoice(work: Work, id: str) -> Invoice | None:
    """The row, to be changed; when there is none, nobody else makes it meanwhile."""
    mine = (Invoice.business_id == work.business_id) & (Invoice.stripe_invoice_id == id)
    query = select(Invoice).where(mine).with_for_update(key_share=True)
    if (found := work.session.scalar(query)) is not None:
        return found
    repository.lock_new(work.session, work.business_id, "invoices")
    return work.session.scalar(query)


def _known_dispute(work: Work, id: str) -> Dispute | None:
    """The row, to be changed; when there is none, nobody else makes it meanwhile."""
    mine = (Dispute.business_id == work.business_id) & (Dispute.stripe_dispute_id == id)
    query = select(Dispute).where(mine).with_for_update(key_share=True)
    if (found := work.session.scalar(query)) is not None:
        return found
    repository.lock_new(work.session, work.business_id, "disputes")
    return work.session.scalar(query)


def _disputed(work: Work, invoice_id: str) -> int:
    mine = (Dispute.business_id == work.business_id) & (Dispute.invoice_id == invoice_id)
    taken = select(func.coalesce(func.sum(Dispute.amount), 0)).where(mine, Dispute.status.not_in(_NOT_TAKEN))
    return int(work.session.scalar(taken) or 0)


def _is_disputed(work: Work, subscription_id: str) -> bool:
    mine = (Dispute.business_id == work.business_id) & (Dispute.subscription_id == subscription_id)
    return work.session.scalar(select(Dispute.id).where(mine, Dispute.status.in_(OPEN_DISPUTES)).limit(1)) is not None


def _set(row: Invoice | Dispute, values: dict[str, Any]) -> bool:
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)


def _told(row: Invoice, amount: int, event_id: str | None) -> dict[str, Any]:
    told = {"amount": to_major(amount, row.currency), "currency": row.currency, "invoice": row.stripe_invoice_id}
    return told | ({"stripeEvent": event_id} if event_id else {})
