"""Invoices: drawn up, finalised, paid or not paid, voided."""

from backend.demo.outside.stripe.book import Book, new_id
from backend.demo.outside.stripe.customers import paying_with
from backend.demo.outside.stripe.lines import discounts_of, take_off
from backend.demo.outside.stripe.payments import pay_with
from backend.demo.outside.stripe.pending import claim
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.standing import ENDED, became_paid, became_unpaid
from backend.demo.outside.stripe.time import DAY, HOUR


def drawn(
    book: Book,
    customer: Body,
    subscription: Body | None,
    lines: list[Body],
    *,
    reason: str,
    id: str | None = None,
    discounts: list[Body] | None = None,
) -> Body:
    """An invoice over these lines that nobody keeps yet. `discounts`: in place of the subscription's."""
    if discounts is None:
        discounts = discounts_of(book, subscription) if subscription else []
    off = take_off(book, lines, discounts)
    now, id, subtotal = book.now(), id or new_id("in"), sum(line["amount"] for line in lines)
    total = subtotal - sum(one["amount"] for one in off)
    due = total + customer["balance"]
    for line in lines:
        line["invoice"] = id
    currency = lines[0]["currency"] if lines else (subscription or {}).get("currency", book.currency)
    body: Body = {"id": id, "object": "invoice", "account_country": book.country, "account_name": book.name}
    body |= {"account_tax_ids": None, "amount_due": max(0, due), "amount_overpaid": 0, "amount_paid": 0}
    body |= {"amount_remaining": max(0, due), "amount_shipping": 0, "application": None, "attempt_count": 0}
    body |= {"attempted": False, "auto_advance": True, "automatically_finalizes_at": now + HOUR}
    tax = {"disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None}
    body |= {"automatic_tax": tax, "billing_reason": reason, "collection_method": "charge_automatically"}
    body |= {"created": now, "currency": currency, "custom_fields": None, "customer": customer["id"]}
    body |= {"customer_account": None, "customer_address": customer["address"], "customer_email": customer["email"]}
    body |= {"customer_name": customer["name"], "customer_phone": customer["phone"], "customer_shipping": None}
    body |= {"customer_tax_exempt": "none", "customer_tax_ids": [], "default_payment_method": None}
    body |= {"default_source": None, "default_tax_rates": [], "description": None, "due_date": None}
    body |= {"discounts": [one["id"] for one in discounts], "effective_at": None, "ending_balance": None}
    body |= {"footer": None, "from_invoice": None, "hosted_invoice_url": None, "invoice_pdf": None}
    body |= {"issuer": {"type": "self"}, "last_finalization_error": None, "latest_revision": None}
    listed = {"object": "list", "data": lines, "has_more": False, "url": f"/v1/invoices/{id}/lines"}
    body |= {"lines": listed, "livemode": book.livemode, "metadata": {}, "next_payment_attempt": None}
    body |= {"number": None, "on_behalf_of": None, "parent": _parent(subscription), "period_end": now}
    body |= {"payment_settings": {"default_mandate": None, "payment_method_options": None}, "period_start": now}
    body["payment_settings"]["payment_method_types"] = None
    body |= {"post_payment_credit_notes_amount": 0, "pre_payment_credit_notes_amount": 0, "receipt_number": None}
    body |= {"rendering": None, "shipping_cost": None, "shipping_details": None, "status": "draft"}
    body |= {"starting_balance": customer["balance"], "statement_descriptor": None, "subtotal": subtotal}
    times = ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
    body |= {"status_transitions": dict.fromkeys(times), "subtotal_excluding_tax": subtotal, "test_clock": None}
    body |= {"total": total, "total_discount_amounts": off, "total_excluding_tax": total, "total_taxes": []}
    return body | {"total_pretax_credit_amounts": [], "webhooks_delivered_at": None}


def _parent(subscription: Body | None) -> Body | None:
    if subscription is None:
        return None
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def subscription_of(invoice: Body) -> str | None:
    """The id of the subscription that an invoice is for."""
    parent = invoice["parent"]
    return parent["subscription_details"]["subscription"] if parent else None


def keep(book: Book, invoice: Body) -> Body:
    """Keep a drawn invoice as a draft; its pending items are no longer pending, and one-time discounts are used."""
    book.rows("invoice").add_recipe(
        invoice["id"],
        invoice["created"],
        invoice,
        customer=invoice["customer"],
        subscription=subscription_of(invoice),
    )
    if id := subscription_of(invoice):
        subscription = book.find("subscription", id)
        subscription["latest_invoice"] = invoice["id"]
        for one in invoice["total_discount_amounts"]:
            discount = book.rows("discount").get(one["discount"])
            if discount and one["amount"] and book.find("coupon", discount["source"]["coupon"])["duration"] == "once":
                drop_discount(book, subscription, discount)
    claim(book, invoice)
    book.tell("invoice.created", invoice)
    return invoice


def drop_discount(book: Book, subscription: Body, discount: Body) -> None:
    """Take a discount off a subscription."""
    if discount["id"] in subscription["discounts"]:
        subscription["discounts"] = [one for one in subscription["discounts"] if one != discount["id"]]
        book.tell("customer.discount.deleted", discount)


def finalise(book: Book, invoice: Body) -> Body:
    """Make a draft final: it has a number, the customer's credit is used, and nothing due is paid."""
    if invoice["status"] != "draft":
        return invoice
    customer, now = book.find("customer", invoice["customer"]), book.now()
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    due = invoice["total"] + customer["balance"]
    customer["next_invoice_sequence"] += 1
    invoice |= {"status": "open", "number": number, "effective_at": now, "automatically_finalizes_at": None}
    invoice |= {"starting_balance": customer["balance"], "ending_balance": min(0, due)}
    invoice |= {"amount_due": max(0, due), "amount_remaining": max(0, due)}
    invoice["status_transitions"]["finalized_at"] = now
    if customer["balance"] != min(0, due):
        book.change("customer.updated", customer, balance=min(0, due))
    book.tell("invoice.finalized", invoice)
    if invoice["amount_due"] == 0:
        _paid(book, invoice)
    return invoice


def attempt(book: Book, invoice: Body, method: str | None = None) -> bool:
    """Try to pay an open invoice; whether it is paid. A failure is tried again as the account's dunning has it."""
    if invoice["status"] == "paid":
        return True
    id = subscription_of(invoice)
    subscription = book.find("subscription", id) if id else None
    is_paid = pay_with(book, invoice, method or paying_with(book, invoice["customer"], subscription))
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    if is_paid:
        _paid(book, invoice)
        return True
    tries, days = invoice["attempt_count"], book.dunning.days
    is_final = tries > len(days)
    again = None if is_final else book.now() + days[tries - 1] * DAY
    is_waited_for = subscription is not None and subscription["status"] in ("paused", *ENDED)
    if is_waited_for or invoice["billing_reason"] == "subscription_create":  # the customer must do something
        again = None
    invoice["next_payment_attempt"] = again
    _set_delinquent(book, invoice, True)
    book.tell("invoice.payment_failed", invoice)
    if again is not None:
        book.time.later(again, _again, book, invoice["id"], again)
    if subscription:
        became_unpaid(book, subscription, invoice, is_final=is_final)
    return False


def _again(book: Book, id: str, when: int) -> None:
    invoice = book.find("invoice", id)
    if invoice["status"] == "open" and invoice["next_payment_attempt"] == when:
        attempt(book, invoice)


def _set_delinquent(book: Book, invoice: Body, is_delinquent: bool) -> None:
    customer = book.find("customer", invoice["customer"])
    book.change("customer.updated", customer, delinquent=is_delinquent)


def _paid(book: Book, invoice: Body) -> None:
    invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0, "attempted": True}
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["paid_at"] = book.now()
    _set_delinquent(book, invoice, False)
    book.tell("invoice.paid", invoice)
    book.tell("invoice.payment_succeeded", invoice)
    if id := subscription_of(invoice):
        became_paid(book, book.find("subscription", id), invoice)


def void(book: Book, invoice: Body) -> None:
    """Nobody owes it any more."""
    invoice |= {"status": "void", "auto_advance": False, "next_payment_attempt": None, "amount_remaining": 0}
    invoice["status_transitions"]["voided_at"] = book.now()
    book.tell("invoice.voided", invoice)


def write_off(book: Book, invoice: Body) -> None:
    """Nobody will pay it."""
    invoice |= {"status": "uncollectible", "auto_advance": False, "next_payment_attempt": None}
    invoice["status_transitions"]["marked_uncollectible_at"] = book.now()
    book.tell("invoice.marked_uncollectible", invoice)


def settle(book: Book, invoice: Body) -> None:
    """What becomes of a draft after its hour: final and paid, unless collection is paused."""
    if invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    id = subscription_of(invoice)
    pause = book.find("subscription", id)["pause_collection"] if id else None
    match pause["behavior"] if pause else None:
        case "keep_as_draft":
            invoice["auto_advance"] = False
        case "void":
            _final_unpaid(book, invoice)
            void(book, invoice)
        case "mark_uncollectible":
            _final_unpaid(book, invoice)
            write_off(book, invoice)
        case _:
            if finalise(book, invoice)["status"] == "open":
                attempt(book, invoice)


def _final_unpaid(book: Book, invoice: Body) -> None:
    number = f"{invoice['id'][-8:]}-V"
    invoice |= {"status": "open", "number": number, "ending_balance": invoice["starting_balance"]}
    invoice["status_transitions"]["finalized_at"] = book.now()
    book.tell("invoice.finalized", invoice)
