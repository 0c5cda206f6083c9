"""Stripe's shapes of 2024 and of today as one, and the arithmetic of what a subscription brings. Bodies are made here."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.billing import hints, normal
from backend.billing.revenue import Reduction, net_monthly

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
START, END = 1_772_400_000, 1_775_000_000
Raw = dict[str, Any]


def price(**more: Any) -> Raw:
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    shape = {"id": "price_1", "object": "price", "product": "prod_1", "unit_amount": 2_900, "currency": "usd"}
    return shape | {"active": True, "nickname": "Pro", "recurring": recurring} | more


def coupon() -> Raw:
    return {"id": "SAVE20", "percent_off": 20.0, "amount_off": None, "duration": "repeating", "name": "Save"}


def old_subscription(**more: Any) -> Raw:
    """As before 2025-03-31: the period on top, one discount with its coupon inside."""
    item = {"id": "si_1", "price": price(), "quantity": 2}
    shape = {"id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active", "livemode": False}
    shape |= {"current_period_start": START, "current_period_end": END, "start_date": START, "currency": "usd"}
    shape |= {"discount": {"id": "di_1", "coupon": coupon(), "end": END}, "discounts": ["di_1"]}
    return shape | {"items": {"data": [item]}} | more


def new_subscription(**more: Any) -> Raw:
    """As since 2025-09-30: periods on items, discounts with a source."""
    item = {"id": "si_1", "price": price(), "quantity": 2, "current_period_start": START, "current_period_end": END}
    shape = {"id": "sub_1", "object": "subscription", "customer": {"id": "cus_1"}, "status": "active"}
    shape |= {"livemode": False, "start_date": START, "currency": "usd", "billing_mode": {"type": "flexible"}}
    discount = {"id": "di_1", "source": {"type": "coupon", "coupon": coupon()}, "end": END}
    return shape | {"discounts": [discount], "items": {"data": [item]}} | more


Make = Callable[..., Raw]
BOTH = pytest.mark.parametrize("make", [old_subscription, new_subscription])


@BOTH
def test_a_subscription_of_either_generation(make: Make) -> None:
    shown = normal.subscription(make(), NOW)
    columns = shown.columns
    assert (shown.id, shown.customer_id, shown.price and shown.price.id) == ("sub_1", "cus_1", "price_1")
    assert (columns["amount"], columns["mrr"], columns["quantity"]) == (5_800, 4_640, 2)
    assert columns["current_period_end"] == datetime.fromtimestamp(END, UTC)
    assert (columns["discount_percent"], columns["discounts"][0]["coupon"]) == (20.0, "SAVE20")
    assert columns["discount_ends_at"] == columns["current_period_end"]


@BOTH
@pytest.mark.parametrize(
    ("state", "brings"),
    [
        ({"status": "past_due"}, 4_640),
        ({"status": "trialing"}, 0),
        ({"status": "unpaid"}, 0),
        ({"status": "canceled"}, 0),
        ({"status": "incomplete"}, 0),
        ({"status": "paused"}, 0),
        ({"pause_collection": {"behavior": "void", "resumes_at": END}}, 0),
        ({"cancel_at_period_end": True}, 4_640),
    ],
)
def test_what_each_state_brings(make: Make, state: Raw, brings: int) -> None:
    assert normal.subscription(make(**state), NOW).columns["mrr"] == brings


@pytest.mark.parametrize(
    ("amount", "interval", "count", "brings"),
    [
        (12_000, "year", 1, 1_000),
        (3_000, "month", 3, 1_000),
        (100, "week", 1, 435),
        (10, "day", 1, 304),
        (5, "month", 1, 5),
    ],
)
def test_a_month_of_each_interval(amount: int, interval: str, count: int, brings: int) -> None:
    assert net_monthly(amount, interval, count, [], NOW) == brings


def test_discounts_one_after_the_other_and_never_below_nothing() -> None:
    from decimal import Decimal

    half = Reduction(Decimal(50), None, None)
    assert net_monthly(1_000, "month", 1, [half, Reduction(None, 200, None)], NOW) == 300
    assert net_monthly(1_000, "month", 1, [Reduction(None, 5_000, None)], NOW) == 0
    assert net_monthly(1_000, "month", 1, [Reduction(Decimal(50), None, NOW)], NOW) == 1_000  # it has ended
    assert net_monthly(1_000, "month", 1, [Reduction(Decimal(50), None, None, is_once=True)], NOW) == 1_000
    assert (
        net_monthly(24_000, "year", 1, [Reduction(None, 12_000, None)], NOW) == 1_000
    )  # off each bill, not each month


def test_what_is_in_no_hundredths_and_what_depends_on_use() -> None:
    yen = new_subscription(currency="jpy", discounts=[])
    yen["items"]["data"][0]["price"] = price(unit_amount=980, currency="jpy")
    assert normal.subscription(yen, NOW).columns["mrr"] == 1_960
    metered = new_subscription(discounts=[])
    metered["items"]["data"][0]["price"] = price(recurring={"interval": "month", "usage_type": "metered"})
    assert normal.subscription(metered, NOW).columns["mrr"] == 0
    exact = new_subscription(discounts=[])
    exact["items"]["data"][0]["price"] = price(unit_amount=None, unit_amount_decimal="12.5")
    assert normal.subscription(exact, NOW).columns["mrr"] == 26


@BOTH
def test_a_plan_of_old_a_schedule_and_an_open_invoice(make: Make) -> None:
    phases = [
        {"start_date": START, "items": [{"price": "price_1"}]},
        {"start_date": END, "items": [{"price": "price_2"}]},
    ]
    schedule = {"id": "sub_sched_1", "status": "active", "phases": phases}
    invoice = {"id": "in_1", "status": "open", "attempt_count": 1}
    shown = normal.subscription(make(schedule=schedule, latest_invoice=invoice), NOW)
    assert (shown.scheduled_price_id, shown.columns["stripe_schedule_id"]) == ("price_2", "sub_sched_1")
    assert shown.columns["scheduled_at"] == datetime.fromtimestamp(END, UTC)
    assert shown.has_open_invoice is True
    plan = {
        "id": "gold",
        "amount": 500,
        "currency": "usd",
        "interval": "year",
        "interval_count": 1,
        "product": "prod_1",
    }
    old = make(discount=None, discounts=[])
    old["items"]["data"][0] |= {"price": None, "plan": plan}
    assert normal.subscription(old, NOW).columns["mrr"] == 83


@pytest.mark.parametrize(
    "linked",
    [
        {"subscription": "sub_1", "charge": "ch_1", "payment_intent": "pi_1", "tax": 50},
        {
            "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}},
            "payments": {"data": [{"status": "paid", "payment": {"payment_intent": "pi_1", "charge": "ch_1"}}]},
            "total_taxes": [{"amount": 50}],
        },
    ],
    ids=["2024", "2026"],
)
def test_an_invoice_of_either_generation(linked: Raw) -> None:
    shape = {"id": "in_1", "customer": "cus_1", "status": "paid", "currency": "inr", "subtotal": 1_000, "total": 950}
    shape |= {"total_discount_amounts": [{"amount": 100}], "amount_paid": 950, "attempt_count": 1, "created": START}
    shown = normal.invoice(shape | {"status_transitions": {"paid_at": END}} | linked)
    columns = shown.columns
    assert (shown.subscription_id, columns["stripe_charge_id"]) == ("sub_1", "ch_1")
    assert (columns["stripe_payment_intent_id"], columns["tax"], columns["discount"]) == ("pi_1", 50, 100)
    assert (columns["currency"], columns["paid_at"]) == ("INR", datetime.fromtimestamp(END, UTC))


HINTS = [
    *(
        (f"customer.subscription.{what}", {"id": "sub_1"}, ("subscription", "sub_1"))
        for what in ("created", "updated", "deleted", "paused", "resumed", "trial_will_end")
    ),
    *(
        (f"invoice.{what}", {"id": "in_1"}, ("invoice", "in_1"))
        for what in ("paid", "payment_failed", "finalized", "voided")
    ),
    ("invoice.upcoming", {}, (None, None)),
    ("charge.failed", {"id": "ch_1"}, ("charge", "ch_1")),
    ("charge.refunded", {"id": "ch_1", "invoice": "in_1"}, ("charge", "ch_1")),
    ("refund.created", {"id": "re_1", "charge": "ch_1"}, ("charge", "ch_1")),
    *((f"charge.dispute.{what}", {"id": "du_1"}, ("dispute", "du_1")) for what in ("created", "closed", "updated")),
    ("customer.updated", {"id": "cus_1"}, ("customer", "cus_1")),
    ("customer.deleted", {"id": "cus_1", "deleted": True}, ("customer", "cus_1")),
    ("customer.discount.created", {"id": "di_1", "subscription": "sub_1"}, ("subscription", "sub_1")),
    ("price.updated", {"id": "price_1"}, ("price", "price_1")),
    ("plan.updated", {"id": "gold"}, ("price", "gold")),
    ("product.updated", {"id": "prod_1"}, ("product", "prod_1")),
    ("subscription_schedule.updated", {"id": "sub_sched_1", "subscription": "sub_1"}, ("subscription", "sub_1")),
    ("subscription_schedule.released", {"released_subscription": "sub_1"}, ("subscription", "sub_1")),
    ("payout.paid", {"id": "po_1"}, ("payout", "po_1")),
]


@pytest.mark.parametrize(("type", "told", "wanted"), HINTS, ids=[hint[0] for hint in HINTS])
def test_what_each_event_says_should_be_looked_at(type: str, told: Raw, wanted: tuple[str | None, str | None]) -> None:
    assert hints.hint({"type": type, "data": {"object": told}}) == wanted
    whole = {key: {"id": value} if key == "subscription" else value for key, value in told.items()}
    assert hints.hint({"type": type, "data": {"object": whole}}) == wanted


def test_an_application_that_lost_its_access_names_the_account_on_top() -> None:
    event = {"type": "account.application.deauthorized", "account": "acct_9", "data": {"object": {"id": "ca_1"}}}
    assert hints.hint(event) == ("account", "acct_9")


@pytest.mark.parametrize("nonsense", [{}, {"type": 3}, {"type": "invoice.paid", "data": None}, {"data": {"object": 4}}])
def test_nonsense_concerns_nobody(nonsense: Raw) -> None:
    assert hints.hint(nonsense)[1] is None


def test_words_from_outside_are_cleaned() -> None:
    raw = {"id": "cus_1", "name": "\x1b[31mRed\x07 \u202eNair", "email": "A@B.example", "metadata": {"userId": " u-1 "}}
    shown = normal.person(raw)
    assert (shown.name, shown.email, shown.external_id) == ("[31mRed Nair", "a@b.example", "u-1")
