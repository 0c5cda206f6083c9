"""Refunds, disputes, payouts and the balance."""

from typing import Any

from backend.demo.outside.stripe.book import Book, new_id
from backend.demo.outside.stripe.lists import listed, within
from backend.demo.outside.stripe.payments import make_transaction
from backend.demo.outside.stripe.refusal import Refusal, invalid
from backend.demo.outside.stripe.routes import Asked, route
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.time import DAY

DISPUTE_FEE = 1_500
"""Minor units."""
ANSWER_WITHIN = 7 * DAY
ARRIVES_AFTER = 2 * DAY
OVER = ("won", "lost", "warning_closed", "prevented")


def refund(book: Book, charge: Body, amount: int | None, reason: str | None, metadata: Body) -> Body:
    """Give back all that is left of a charge or an amount of it; Refusal (400) when there is not so much."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left <= 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        words = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise invalid(words, "amount", "amount_too_large")
    if charge["disputed"]:
        raise invalid("The charge is disputed and cannot be refunded.", code="charge_disputed")
    id, currency = new_id("re"), charge["currency"]
    made: Body = {"amount": amount, "charge": charge["id"], "currency": currency, "metadata": metadata}
    made |= {"balance_transaction": make_transaction(book, id, -amount, currency, "refund")["id"]}
    reference = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
    made |= {"destination_details": {"card": reference, "type": "card"}, "reason": reason, "receipt_number": None}
    made |= {"payment_intent": charge["payment_intent"], "source_transfer_reversal": None, "status": "succeeded"}
    body = book.add("refund", "re", id=id, **made, transfer_reversal=None)
    del body["livemode"]
    book.tell("refund.created", body)
    total = charge["amount_refunded"] + amount
    with book.changing("charge.refunded", charge, amount_refunded=total, refunded=total == charge["amount_captured"]):
        pass
    return body


def dispute(book: Book, charge: Body, reason: str, amount: int | None = None) -> Body:
    """The customer's bank takes a charge back until it is settled."""
    amount, id = charge["amount"] if amount is None else amount, new_id("du")
    taken = make_transaction(book, id, -amount, charge["currency"], "adjustment", DISPUTE_FEE)
    made: Body = {"amount": amount, "balance_transactions": [taken], "charge": charge["id"]}
    made |= {"currency": charge["currency"], "enhanced_eligibility_types": [], "evidence": {}, "metadata": {}}
    details: Body = {"due_by": book.now() + ANSWER_WITHIN, "enhanced_eligibility": {}, "has_evidence": False}
    details |= {"past_due": False, "submission_count": 0, "submission_method": "not_submitted"}
    made |= {"evidence_details": details, "is_charge_refundable": False, "network_reason_code": "10.4"}
    made |= {"payment_intent": charge["payment_intent"], "reason": reason, "status": "needs_response"}
    card = {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"}
    body = book.add("dispute", "du", id=id, **made, payment_method_details={"card": card, "type": "card"})
    charge["disputed"] = True
    book.tell("charge.dispute.created", body)
    book.tell("charge.dispute.funds_withdrawn", body)
    book.time.later(details["due_by"], _unanswered, book, id)
    return body


def close_dispute(book: Book, body: Body, status: str) -> Body:
    """It is `won` or `lost`."""
    body["status"] = status
    if status == "won":
        back = make_transaction(book, body["id"], body["amount"], body["currency"], "adjustment", -DISPUTE_FEE)
        body["balance_transactions"].append(back)
    book.tell("charge.dispute.closed", body)
    if status == "won":
        book.tell("charge.dispute.funds_reinstated", body)
    return body


def _unanswered(book: Book, id: str) -> None:
    body = book.find("dispute", id)
    if body["status"] == "needs_response":
        body["evidence_details"]["past_due"] = True
        close_dispute(book, body, "lost")


def pay_out(book: Book) -> None:
    """Send what is available to the bank, in each currency."""
    rows = book.rows("balance_transaction")
    for currency in sorted({one["currency"] for one in book.ready}):
        parts = [one for one in book.ready if one["currency"] == currency]
        amount = sum(one["net"] for one in parts)
        if amount > 0:
            payout = make_payout(book, amount, currency, automatic=True)
            book.ready = [one for one in book.ready if one["currency"] != currency]
            for one in parts:
                rows.tag(one["id"], "payout", payout["id"])


def make_payout(book: Book, amount: int, currency: str, *, automatic: bool, **more: Any) -> Body:
    """Money on its way to the bank, where it arrives in two days or is refused."""
    id, arrival = new_id("po"), book.now() + ARRIVES_AFTER
    taken = make_transaction(book, id, -amount, currency, "payout", available_on=book.now(), status="available")
    book.rows("balance_transaction").tag(taken["id"], "payout", id)
    made: Body = {"amount": amount, "application_fee": None, "application_fee_amount": None, "arrival_date": arrival}
    made |= {"automatic": automatic, "balance_transaction": taken["id"], "currency": currency, "destination": "ba_bank"}
    made |= {"description": "STRIPE PAYOUT", "failure_balance_transaction": None, "failure_code": None}
    made |= {"failure_message": None, "metadata": {}, "method": "standard", "original_payout": None}
    made |= {"payout_method": None, "reconciliation_status": "in_progress" if automatic else "not_applicable"}
    made |= {"reversed_by": None, "source_type": "card", "statement_descriptor": None, "status": "pending"}
    made |= {"trace_id": {"status": "pending", "value": None}, "type": "bank_account"}
    payout = book.add("payout", "po", id=id, **made | more)
    book.tell("payout.created", payout)
    book.time.later(arrival, _arrive, book, id)
    return payout


def _arrive(book: Book, id: str) -> None:
    payout = book.find("payout", id)
    if payout["status"] != "pending":
        return
    if book.bank_refuses is None:
        status = "completed" if payout["automatic"] else "not_applicable"
        book.change("payout.paid", payout, status="paid", reconciliation_status=status)
        return
    back = make_transaction(book, id, payout["amount"], payout["currency"], "payout_failure", available_on=book.now())
    why = {"failure_code": book.bank_refuses, "failure_message": "The bank account could not take the money."}
    book.change("payout.failed", payout, status="failed", failure_balance_transaction=back["id"], **why)


# -- operations


@route("GET /v1/charges/{}", "charge_read")
def _(asked: Asked) -> Body:
    return asked.book.find("charge", asked.ids[0])


@route("GET /v1/charges", "charge_read", "customer payment_intent transfer_group", is_list=True)
def _(asked: Asked) -> Body:
    return listed(asked, "charge", "customer", "payment_intent")


@route("GET /v1/payment_intents/{}", "payment_intent_read")
def _(asked: Asked) -> Body:
    return asked.book.find("payment_intent", asked.ids[0], "intent")


@route("GET /v1/payment_intents", "payment_intent_read", "customer", is_list=True)
def _(asked: Asked) -> Body:
    return listed(asked, "payment_intent", "customer")


@route("POST /v1/refunds", "charge_write", "charge payment_intent amount reason metadata")
def _(asked: Asked) -> Body:
    book = asked.book
    if intent := asked.text("payment_intent"):
        id = book.named("payment_intent", intent, "payment_intent")["latest_charge"]
    else:
        id = asked.needed("charge")
    charge = book.named("charge", id, "charge")
    return refund(book, charge, asked.number("amount"), asked.text("reason"), asked.metadata())


@route("GET /v1/refunds/{}", "charge_read")
def _(asked: Asked) -> Body:
    return asked.book.find("refund", asked.ids[0])


@route("GET /v1/refunds", "charge_read", "charge payment_intent", is_list=True)
def _(asked: Asked) -> Body:
    return listed(asked, "refund", "charge", "payment_intent")


@route("POST /v1/disputes/{}", "dispute_write", "evidence submit metadata")
def _(asked: Asked) -> Body:
    body = asked.book.find("dispute", asked.ids[0])
    if body["status"] in OVER:
        raise invalid("This dispute is already closed.")
    with asked.book.changing("charge.dispute.updated", body, metadata=asked.metadata(body["metadata"])):
        body["evidence"] = body["evidence"] | (asked.params.get("evidence") or {})
        details = body["evidence_details"] | {"has_evidence": bool(body["evidence"])}
        if "submit" not in asked.params or asked.flag("submit"):
            details |= {"submission_count": details["submission_count"] + 1, "submission_method": "manual"}
            body["status"] = "under_review"
        body["evidence_details"] = details
    return body


@route("POST /v1/disputes/{}/close", "dispute_write")
def _(asked: Asked) -> Body:
    body = asked.book.find("dispute", asked.ids[0])
    if body["status"] in OVER:
        raise invalid("This dispute is already closed.")
    return close_dispute(asked.book, body, "lost")


@route("GET /v1/disputes/{}", "dispute_read")
def _(asked: Asked) -> Body:
    return asked.book.find("dispute", asked.ids[0])


@route("GET /v1/disputes", "dispute_read", "charge payment_intent", is_list=True)
def _(asked: Asked) -> Body:
    return listed(asked, "dispute", "charge", "payment_intent")


@route("POST /v1/payouts", "payout_write", "amount currency description metadata method statement_descriptor")
def _(asked: Asked) -> Body:
    amount, currency = asked.number("amount") or 0, asked.needed("currency")
    available, _ = _balances(asked.book)
    if amount > available.get(currency, 0):
        words = "You have insufficient funds in your Stripe account."
        raise Refusal(400, words, code="balance_insufficient", param="amount")
    more = {"metadata": asked.metadata(), "description": asked.text("description")}
    return make_payout(asked.book, amount, currency, automatic=False, **more)


@route("POST /v1/payouts/{}/cancel", "payout_write")
def _(asked: Asked) -> Body:
    payout = asked.book.find("payout", asked.ids[0])
    if payout["status"] != "pending" or payout["automatic"]:
        raise invalid("Only a pending manual payout can be canceled.")
    make_transaction(asked.book, payout["id"], payout["amount"], payout["currency"], "payout_cancel")
    return asked.book.change("payout.canceled", payout, status="canceled")


@route("GET /v1/payouts/{}", "payout_read")
def _(asked: Asked) -> Body:
    return asked.book.find("payout", asked.ids[0])


@route("GET /v1/payouts", "payout_read", "arrival_date destination status", is_list=True)
def _(asked: Asked) -> Body:
    arrival = asked.params.get("arrival_date")
    return listed(
        asked, "payout", "status", "destination", where=lambda one: within(one["arrival_date"], arrival, "arrival_date")
    )


@route("GET /v1/balance_transactions/{}", "balance_transaction_read")
def _(asked: Asked) -> Body:
    return asked.book.find("balance_transaction", asked.ids[0])


@route("GET /v1/balance_transactions", "balance_transaction_read", "payout source type currency", is_list=True)
def _(asked: Asked) -> Body:
    payout = asked.text("payout")
    among = asked.book.rows("balance_transaction").ids("payout", payout) if payout else set()
    return listed(
        asked, "balance_transaction", "source", "type", "currency", where=lambda one: not payout or one["id"] in among
    )


def _balances(book: Book) -> tuple[dict[str, int], dict[str, int]]:
    """What is available and what is pending, by currency."""
    available, pending = {book.currency: 0}, {book.currency: 0}
    for one in book.rows("balance_transaction"):
        part = available if one["status"] == "available" else pending
        part[one["currency"]] = part.get(one["currency"], 0) + one["net"]
    return available, pending


@route("GET /v1/balance", "balance_read")
def _(asked: Asked) -> Body:
    available, pending = (
        [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in part.items()
        ]
        for part in _balances(asked.book)
    )
    return {"object": "balance", "available": available, "livemode": asked.book.livemode, "pending": pending}
