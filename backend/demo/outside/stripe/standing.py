"""What a subscription becomes when an invoice of it is paid or is not, and how it ends."""

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.rows import Body

ENDED = ("canceled", "incomplete_expired")
_UPDATED = "customer.subscription.updated"


def became_paid(book: Book, subscription: Body, invoice: Body) -> None:
    """Its latest invoice is paid: it is in order again."""
    if subscription["status"] == "paused" and book.resuming.get(subscription["id"]) == invoice["id"]:
        resume(book, subscription)
    if subscription["latest_invoice"] != invoice["id"]:
        return
    if subscription["status"] in ("incomplete", "past_due", "unpaid"):
        book.change(_UPDATED, subscription, status="active")


def became_unpaid(book: Book, subscription: Body, invoice: Body, *, is_final: bool) -> None:
    """A payment failed; `is_final`: it is not tried again."""
    if subscription["status"] in (*ENDED, "paused") or invoice["billing_reason"] == "subscription_create":
        return
    if not is_final:
        if subscription["status"] == "active":
            book.change(_UPDATED, subscription, status="past_due")
    elif book.dunning.ends == "cancel":
        end(book, subscription, "payment_failed")
    elif book.dunning.ends == "unpaid":
        book.change(_UPDATED, subscription, status="unpaid")


def resume(book: Book, subscription: Body) -> None:
    """It is active after a pause."""
    book.resuming.pop(subscription["id"], None)
    book.change(_UPDATED, subscription, status="active", status_details=None)
    book.tell("customer.subscription.resumed", subscription)


def end(book: Book, subscription: Body, reason: str | None) -> None:
    """Cancel it now, for Stripe's `reason` unless there is one already."""
    now, details = book.now(), subscription["cancellation_details"]
    if reason == "payment_failed" or not details["reason"]:
        subscription["cancellation_details"] = details | {"reason": reason}
    subscription |= {"status": "canceled", "ended_at": now, "canceled_at": subscription["canceled_at"] or now}
    for invoice in book.rows("invoice").of("subscription", subscription["id"]):
        if invoice["status"] in ("draft", "open"):  # nobody tries any more, though it may still be paid
            invoice |= {"auto_advance": False, "next_payment_attempt": None}
    if schedule := subscription["schedule"]:
        plan = book.find("subscription_schedule", schedule)
        book.change("subscription_schedule.canceled", plan, status="canceled", canceled_at=now)
        subscription["schedule"] = None
    book.tell("customer.subscription.deleted", subscription)
