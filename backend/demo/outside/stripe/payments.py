"""Paying an invoice: the intent, the charge, what Stripe keeps of it, and the link between invoice and payment."""

from typing import Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.time import DAY

AVAILABLE_AFTER = 2 * DAY


def make_transaction(book: Book, source: str, amount: int, currency: str, type: str, fee: int = 0, **more: Any) -> Body:
    """A movement of the account's balance; amounts in minor units, negative when money goes."""
    details = {"amount": fee, "application": None, "currency": currency, "description": "Stripe processing fees"}
    made: Body = {"amount": amount, "available_on": book.now() + AVAILABLE_AFTER, "balance_type": "payments"}
    made |= {"currency": currency, "description": None, "exchange_rate": None, "fee": fee}
    made |= {
        "fee_details": [details | {"type": "stripe_fee"}] if fee else [],
        "net": amount - fee,
    }
    made |= {"reporting_category": type, "source": source, "status": "pending", "type": type}
    transaction = book.add("balance_transaction", "txn", **made | more)
    del transaction["livemode"]
    book.time.later(transaction["available_on"], _available, book, transaction["id"])
    return transaction


def _available(book: Book, id: str) -> None:
    transaction, midnight = book.find("balance_transaction", id), book.now() + DAY - book.now() % DAY
    transaction["status"] = "available"
    if transaction["type"] != "payout":
        book.ready.append(transaction)
    if book.pays_out and book.next_payout < midnight:
        book.next_payout = midnight
        book.time.later(midnight, book.pay_out, book)


def make_charge(book: Book, customer: str | None, amount: int, currency: str, method: str | None, **more: Any) -> Body:
    """A charge that went well or, when the card declines, did not. `more` changes its keys."""
    decline = book.declines.get(method or "")
    made: Body = {"amount": amount, "amount_captured": 0 if decline else amount, "amount_refunded": 0}
    made |= {"application": None, "application_fee": None, "application_fee_amount": None, "balance_transaction": None}
    made |= {"billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}}
    made |= {"calculated_statement_descriptor": "DOUBLE", "captured": not decline, "currency": currency}
    made |= {"customer": customer, "description": None, "disputed": False, "failure_balance_transaction": None}
    made |= {"failure_code": "card_declined" if decline else None, "fraud_details": {}, "metadata": {}}
    made |= {"failure_message": "Your card was declined." if decline else None, "on_behalf_of": None}
    outcome = {"advice_code": None, "network_advice_code": None, "network_decline_code": None, "reason": decline}
    outcome |= {"network_status": "declined_by_network" if decline else "approved_by_network", "risk_level": "normal"}
    outcome |= {"seller_message": "The bank did not return any further details." if decline else "Payment complete."}
    made |= {"outcome": outcome | {"type": "issuer_declined" if decline else "authorized"}, "paid": not decline}
    card = book.rows("payment_method").get(method) if method else None
    details = {key: card["card"][key] for key in ("brand", "country", "funding", "last4")} if card else {}
    made |= {"payment_intent": None, "payment_method": method, "payment_method_details": {"card": details}}
    made["payment_method_details"]["type"] = "card"
    made |= {"radar_options": {}, "receipt_email": None, "receipt_number": None, "receipt_url": None}
    made |= {"refunded": False, "review": None, "shipping": None, "source_transfer": None}
    made |= {"statement_descriptor": None, "statement_descriptor_suffix": None, "transfer_data": None}
    made |= {"status": "failed" if decline else "succeeded", "transfer_group": None}
    charge = book.add("charge", "ch", **made | more)
    if not decline:
        fee = (amount * book.fee[0] + 5_000) // 10_000 + book.fee[1]
        charge["balance_transaction"] = make_transaction(book, charge["id"], amount, currency, "charge", fee)["id"]
    return charge


def make_intent(book: Book, customer: str | None, amount: int, currency: str, method: str | None) -> Body:
    """A payment intent that nothing was charged for yet."""
    made: Body = {"amount": amount, "amount_capturable": 0, "amount_received": 0, "application": None}
    made |= {"automatic_payment_methods": None, "canceled_at": None, "cancellation_reason": None}
    made |= {"capture_method": "automatic", "client_secret": None, "confirmation_method": "automatic"}
    made |= {
        "currency": currency,
        "customer": customer,
        "description": "Subscription update",
        "last_payment_error": None,
    }
    made |= {"latest_charge": None, "metadata": {}, "next_action": None, "payment_method": method}
    made |= {"payment_method_types": ["card"], "status": "requires_payment_method"}
    return book.add("payment_intent", "pi", **made)


def pay_with(book: Book, invoice: Body, method: str | None) -> bool:
    """Try to pay what is due of an open invoice; whether it was. Events of the payment are told, not the invoice's."""
    payment = next(iter(book.rows("invoice_payment").of("invoice", invoice["id"])), None)
    if payment is None:
        payment = _requested(book, invoice, method)
    intent = book.find("payment_intent", payment["payment"]["payment_intent"])
    if method is None:
        return False
    amount, currency = invoice["amount_due"], invoice["currency"]
    linked = {"payment_intent": intent["id"]}
    charge = make_charge(book, invoice["customer"], amount, currency, method, **linked)
    intent |= {"latest_charge": charge["id"], "payment_method": method}
    if charge["status"] == "failed":
        error = {"charge": charge["id"], "code": "card_declined", "decline_code": charge["outcome"]["reason"]}
        error |= {"message": charge["failure_message"], "type": "card_error"}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        book.tell("charge.failed", charge)
        book.tell("payment_intent.payment_failed", intent)
        return False
    intent |= {"status": "succeeded", "amount_received": amount, "last_payment_error": None}
    payment |= {"amount_paid": amount, "status": "paid"}
    payment["status_transitions"] = {"canceled_at": None, "paid_at": book.now()}
    book.tell("charge.succeeded", charge)
    book.tell("payment_intent.succeeded", intent)
    book.tell("invoice_payment.paid", payment)
    return True


def _requested(book: Book, invoice: Body, method: str | None) -> Body:
    intent = make_intent(book, invoice["customer"], invoice["amount_due"], invoice["currency"], method)
    paid: Body = {"amount_paid": None, "amount_requested": invoice["amount_due"], "currency": invoice["currency"]}
    paid |= {"invoice": invoice["id"], "is_default": True, "status": "open"}
    paid |= {"payment": {"payment_intent": intent["id"], "type": "payment_intent"}}
    payment = book.add("invoice_payment", "inpay", **paid, status_transitions={"canceled_at": None, "paid_at": None})
    book.rows("invoice_payment").tag(payment["id"], "payment_intent", intent["id"])
    return payment
