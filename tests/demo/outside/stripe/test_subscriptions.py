"""What an agent's offers ask of Stripe, by Stripe's own library."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.demo.outside.stripe import StripeDouble
from backend.demo.outside.stripe.period import period_at, prorated, shifted

Api = stripe.StripeClient
DAY = 86_400


def _share(amount: int, left: int, span: int) -> int:
    """An amount's part, computed another way than the double does."""
    return int((Decimal(amount) * left / span).quantize(Decimal(1), ROUND_HALF_UP))


def _item(sub: Any) -> str:
    return str(sub["items"]["data"][0]["id"])


@settings(max_examples=80, deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(1, 366 * DAY), st.data())
def test_a_proration_is_exact_to_the_second(amount: int, span: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, span))
    assert prorated(amount, 1_000, 1_000 + span, 1_000 + at) == _share(amount, span - at, span)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 2 * 10**9),
    st.sampled_from(["day", "week", "month", "year"]),
    st.integers(1, 12),
    st.integers(0, 4 * 10**8),
)
def test_the_periods_of_a_cycle_follow_each_other(anchor: int, interval: str, every: int, later: int) -> None:
    start, end = period_at(anchor, interval, every, anchor + later)
    assert start <= anchor + later < end
    assert period_at(anchor, interval, every, end)[0] == end
    assert shifted(1_769_860_800, "month", 1) == 1_772_280_000  # 31 January becomes 28 February, noon stays noon


@pytest.mark.parametrize("behavior", ["create_prorations", "always_invoice", "none"])
async def test_a_downgrade_costs_what_its_preview_said(double: StripeDouble, api: Api, behavior: str) -> None:
    pro, small = double.plan("Pro", 9_900), double.plan("Small", 2_900)
    sub = double.subscribe(price=pro)
    start, end = (sub["items"]["data"][0][f"current_period_{edge}"] for edge in ("start", "end"))
    at = double.advance(days=9, seconds=1_234)
    change: Any = {"items": [{"id": _item(sub), "price": small["id"]}], "proration_behavior": behavior}
    change["proration_date"] = at
    preview = await api.v1.invoices.create_preview_async({"subscription": sub["id"], "subscription_details": change})
    double.advance(minutes=5)
    changed = await api.v1.subscriptions.update_async(sub["id"], change)
    assert changed["items"].data[0].price.id == small["id"]
    credit = _share(2_900, end - at, end - start) - _share(9_900, end - at, end - start)
    if behavior == "always_invoice":
        assert preview.total == credit < 0
        assert double.object("invoice", str(changed.latest_invoice))["total"] == credit
        customer = await api.v1.customers.retrieve_async(sub["customer"])
        assert customer.balance == credit  # a credit, and no refund
    else:
        expected = 2_900 + (credit if behavior == "create_prorations" else 0)
        assert preview.total == expected
        assert changed.latest_invoice == sub["latest_invoice"]
        double.advance(seconds=end - double.now())
        renewed = await api.v1.subscriptions.retrieve_async(sub["id"], {"expand": ["latest_invoice"]})
        assert renewed.latest_invoice.total == expected


async def test_another_interval_begins_a_new_period_and_is_billed_at_once(double: StripeDouble, api: Api) -> None:
    month, year = double.plan("Pro", 3_000), double.plan("Pro yearly", 30_000, interval="year")
    sub = double.subscribe(price=month)
    at = double.advance(days=10)
    change: Any = {"items": [{"id": _item(sub), "price": year["id"]}]}
    preview = await api.v1.invoices.create_preview_async({"subscription": sub["id"], "subscription_details": change})
    changed = await api.v1.subscriptions.update_async(sub["id"], {**change, "expand": ["latest_invoice"]})
    invoice: Any = changed.latest_invoice
    assert invoice.total == preview.total == 30_000 - _share(3_000, 21 * DAY, 31 * DAY)
    assert invoice.billing_reason == "subscription_update"
    item = changed["items"].data[0]
    assert (item.current_period_start, item.current_period_end) == (at, shifted(at, "year", 1))


async def test_discounts_replace_and_are_kept_by_their_ids(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe(price=double.plan("Pro", 10_000))
    loyal = double.coupon(20.0, duration="repeating", duration_in_months=2, max_redemptions=1)
    extra = double.coupon(amount_off=500, duration="once")
    update = api.v1.subscriptions.update_async
    [first] = (await update(sub["id"], {"discounts": [{"coupon": loyal["id"]}]})).discounts
    both = await update(
        sub["id"], {"discounts": [{"discount": str(first)}, {"coupon": extra["id"]}], "expand": ["discounts"]}
    )
    kept, added = both.discounts
    assert kept.id == first
    assert kept.source.coupon == loyal["id"]
    preview = await api.v1.invoices.create_preview_async({"subscription": sub["id"]})
    assert preview.total == 10_000 - 2_000 - 500
    with pytest.raises(stripe.InvalidRequestError, match="used up"):
        await update(sub["id"], {"discounts": [{"coupon": loyal["id"]}]})
    [only] = (await update(sub["id"], {"discounts": [{"coupon": extra["id"]}]})).discounts
    assert only not in (first, added.id)
    assert (await update(sub["id"], {"discounts": ""})).discounts == []
    told = [event["type"] for event in double.told() if "discount" in event["type"]]
    assert told.count("customer.discount.created") == 3 == told.count("customer.discount.deleted")


async def test_a_cancellation_at_the_end_can_be_taken_back_until_then(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe()
    end = sub["items"]["data"][0]["current_period_end"]
    why: Any = {"feedback": "too_expensive", "comment": "Half the price elsewhere"}
    update = api.v1.subscriptions.update_async
    leaving = await update(sub["id"], {"cancel_at_period_end": True, "cancellation_details": why})
    assert (leaving.cancel_at, leaving.cancellation_details.reason) == (end, "cancellation_requested")
    with pytest.raises(stripe.InvalidRequestError) as none:
        await api.v1.invoices.create_preview_async({"subscription": sub["id"]})
    assert none.value.code == "invoice_upcoming_none"
    assert (await update(sub["id"], {"cancel_at_period_end": False})).cancel_at is None
    await update(sub["id"], {"cancel_at_period_end": True})
    double.advance(seconds=end - double.now())
    gone = await api.v1.subscriptions.retrieve_async(sub["id"])
    assert (gone.status, gone.ended_at) == ("canceled", end)
    assert [event["created"] for event in double.told("customer.subscription.deleted")] == [end]
    with pytest.raises(stripe.InvalidRequestError, match="A canceled subscription can only"):
        await update(sub["id"], {"cancel_at_period_end": False})
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        await api.v1.subscriptions.cancel_async(sub["id"])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda sub: {"items": [{"id": "si_nobody", "price": "price_x"}]}, "No such subscription item"),
        (lambda sub: {"items": [{"id": _item(sub), "price": "price_x"}]}, "No such price"),
        (lambda sub: {"discounts": [{"coupon": "nothing"}]}, "No such coupon"),
        (lambda sub: {"pause_collection": {"behavior": "forget"}}, "Invalid pause_collection"),
        (lambda sub: {"pause_collection": {"behavior": "void", "resumes_at": 1_000}}, "must be in the future"),
        (lambda sub: {"trial_end": 1_000}, "in the future"),
        (lambda sub: {"cancel_at": 1_000, "metadata": {"a": "b"}}, "must be in the future"),
        (lambda sub: {"trial_end": 1_999_999_999}, "two years"),
        (lambda sub: {"items": [{"id": _item(sub), "quantity": 2}], "proration_date": 1_000}, "proration_date"),
        (lambda sub: {"coupon": "SAVE"}, "Received unknown parameter: coupon"),
        (lambda sub: {"cancellation_details": {"feedback": "boring"}}, "feedback"),
    ],
)
async def test_a_refusal_changes_nothing(
    double: StripeDouble, api: Api, change: Callable[[Any], Any], match: str
) -> None:
    sub = double.subscribe()
    before = (await api.v1.subscriptions.retrieve_async(sub["id"])).to_dict()
    coupon = double.coupon(50.0)
    with pytest.raises(stripe.InvalidRequestError, match=match) as refused:
        await api.v1.subscriptions.update_async(sub["id"], {"discounts": [{"coupon": coupon["id"]}], **change(sub)})
    assert refused.value.http_status == 400
    assert refused.value.request_id
    assert (await api.v1.subscriptions.retrieve_async(sub["id"])).to_dict() == before
    assert coupon["times_redeemed"] == 0
    assert double.told() == []
    assert double.changes() == []


async def test_one_request_may_change_many_things(double: StripeDouble, api: Api) -> None:
    sub, small = double.subscribe(price=double.plan("Pro", 9_000)), double.plan("Small", 3_000)
    both = await api.v1.subscriptions.update_async(
        sub["id"],
        {
            "items": [{"id": _item(sub), "price": small["id"]}],
            "metadata": {"session": "s1"},
            "cancel_at_period_end": True,
            "pause_collection": {"behavior": "void"},
            "discounts": [{"coupon": double.coupon(50.0)["id"]}],
        },
    )
    found: Any = await api.v1.subscriptions.retrieve_async(sub["id"])
    assert found.to_dict() == both.to_dict()
    assert (found["items"].data[0].price.id, found.metadata["session"]) == (small["id"], "s1")
    assert (found.cancel_at_period_end, found.pause_collection.behavior, len(found.discounts)) == (True, "void", 1)
    [updated] = double.told("customer.subscription.updated")
    assert set(updated["data"]["previous_attributes"]) == {
        "items",
        "metadata",
        "cancel_at",
        "cancel_at_period_end",
        "canceled_at",
        "cancellation_details",
        "pause_collection",
        "discounts",
    }
    moved = await api.v1.subscriptions.update_async(
        sub["id"], {"trial_end": double.now() + 60 * DAY, "proration_behavior": "none"}
    )
    assert moved.cancel_at == moved.trial_end  # the end of the period that it goes with


async def test_items_can_be_added_changed_and_taken_away(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe(price=double.plan("Pro", 3_000))
    seats = double.plan("Seats", 1_000)
    added = await api.v1.subscription_items.create_async(
        {"subscription": sub["id"], "price": seats["id"], "quantity": 3, "proration_behavior": "none"}
    )
    changed = await api.v1.subscription_items.update_async(added.id, {"quantity": 5, "proration_behavior": "none"})
    assert changed.quantity == 5
    assert (await api.v1.invoices.create_preview_async({"subscription": sub["id"]})).total == 3_000 + 5 * 1_000
    assert (await api.v1.subscription_items.retrieve_async(added.id)).price.id == seats["id"]
    await api.v1.subscription_items.delete_async(added.id)
    listed = await api.v1.subscription_items.list_async({"subscription": sub["id"]})
    assert [one.id for one in listed.data] == [_item(sub)]
    credit = await api.v1.invoices.create_preview_async({"subscription": sub["id"]})
    assert credit.total == 3_000 - 5_000  # the whole period of what was taken away, for no time has passed
    with pytest.raises(stripe.InvalidRequestError, match="at least one active plan"):
        await api.v1.subscription_items.delete_async(_item(sub))
