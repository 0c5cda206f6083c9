"""What time does: renewals, failed payments, trials, pauses, discounts, schedules."""

from typing import Any

import pytest
import stripe

from backend.demo.outside.stripe import Dunning, StripeDouble
from backend.demo.outside.stripe.period import shifted

Api = stripe.StripeClient
DAY, HOUR = 86_400, 3_600


def _types(double: StripeDouble, since: int) -> list[tuple[int, str]]:
    """What was told, with the seconds after `since`."""
    return [(one["created"] - since, one["type"]) for one in double.told()]


def _end(sub: Any) -> int:
    return int(sub["items"]["data"][0]["current_period_end"])


async def test_a_renewal_is_drawn_up_at_the_second_and_paid_an_hour_later(double: StripeDouble, api: Api) -> None:
    double.account.pays_out = False
    sub = double.subscribe()
    end = _end(sub)
    double.advance(days=31, hours=5)
    assert _types(double, end) == [
        (0, "invoice.created"),
        (0, "customer.subscription.updated"),
        (HOUR, "invoice.finalized"),
        (HOUR, "charge.succeeded"),
        (HOUR, "payment_intent.succeeded"),
        (HOUR, "invoice_payment.paid"),
        (HOUR, "invoice.paid"),
        (HOUR, "invoice.payment_succeeded"),
    ]
    [renewed] = double.told("customer.subscription.updated")
    before = renewed["data"]["previous_attributes"]
    assert before["items"]["data"][0]["current_period_end"] == end
    assert renewed["request"] == {"id": None, "idempotency_key": None}
    assert _end(await api.v1.subscriptions.retrieve_async(sub["id"])) == shifted(end, "month", 1)


@pytest.mark.parametrize(("ends", "status"), [("cancel", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due")])
async def test_a_failing_card_is_tried_again_and_then_given_up(
    double: StripeDouble, api: Api, ends: str, status: str
) -> None:
    double.account.dunning = Dunning((3, 5), ends=ends)
    sub = double.subscribe()
    double.decline(sub["customer"])
    due = _end(sub) + HOUR
    double.advance(days=31, hours=2)
    found = await api.v1.subscriptions.retrieve_async(sub["id"], {"expand": ["latest_invoice"]})
    invoice: Any = found.latest_invoice
    assert (found.status, invoice.status, invoice.next_payment_attempt) == ("past_due", "open", due + 3 * DAY)
    double.advance(days=10)
    failed = double.told("invoice.payment_failed")
    assert [one["created"] - due for one in failed] == [0, 3 * DAY, 8 * DAY]
    assert [one["data"]["object"]["attempt_count"] for one in failed] == [1, 2, 3]
    found = await api.v1.subscriptions.retrieve_async(sub["id"])
    assert found.status == status
    if status == "canceled":
        assert found.cancellation_details.reason == "payment_failed"
        return
    double.accept(sub["customer"])
    assert (await api.v1.invoices.pay_async(invoice.id)).status == "paid"
    assert (await api.v1.subscriptions.retrieve_async(sub["id"])).status == "active"


async def test_a_card_that_works_again_is_found_by_the_next_try(double: StripeDouble) -> None:
    sub = double.subscribe()
    double.decline(sub["customer"])
    double.advance(days=32)
    double.accept(sub["customer"])
    double.advance(days=3)
    assert sub["status"] == "active"
    updates = [one["data"]["previous_attributes"].get("status") for one in double.told("customer.subscription.updated")]
    assert updates == [None, "active", "past_due"]


@pytest.mark.parametrize("behavior", ["void", "mark_uncollectible", "keep_as_draft"])
async def test_a_pause_of_billing_ends_by_itself(double: StripeDouble, api: Api, behavior: str) -> None:
    sub = double.subscribe()
    resumes = double.now() + 40 * DAY
    pause: Any = {"behavior": behavior, "resumes_at": resumes}
    paused = await api.v1.subscriptions.update_async(sub["id"], {"pause_collection": pause})
    assert paused.status == "active"
    double.advance(days=32)
    [latest] = (await api.v1.invoices.list_async({"subscription": sub["id"], "limit": 1})).data
    expected = {"void": "void", "mark_uncollectible": "uncollectible", "keep_as_draft": "draft"}
    assert latest.status == expected[behavior]
    double.advance(days=30)
    assert sub["pause_collection"] is None
    [latest] = (await api.v1.invoices.list_async({"subscription": sub["id"], "limit": 1})).data
    assert latest.status == "paid"
    resumed = [
        one["created"]
        for one in double.told("customer.subscription.updated")
        if one["data"]["previous_attributes"].get("pause_collection")
    ]
    assert resumed == [resumes]


async def test_a_paused_service_wants_flexible_billing_and_no_schedule(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe()
    with pytest.raises(stripe.InvalidRequestError, match="flexible"):
        await api.v1.subscriptions.pause_async(sub["id"])
    await api.v1.subscriptions.migrate_async(sub["id"], {"billing_mode": {"type": "flexible"}})
    schedule = await api.v1.subscription_schedules.create_async({"from_subscription": sub["id"]})
    with pytest.raises(stripe.InvalidRequestError, match="managed by the subscription schedule"):
        await api.v1.subscriptions.pause_async(sub["id"])
    await api.v1.subscription_schedules.release_async(schedule.id)
    paused: Any = await api.v1.subscriptions.pause_async(sub["id"])
    assert (paused.status, paused.status_details.paused.subscription.type) == ("paused", "pause_requested")
    at = double.advance(days=90)
    assert [one["type"] for one in double.told("invoice.created", "customer.subscription.paused")] == [
        "customer.subscription.paused"
    ]
    resumed = await api.v1.subscriptions.resume_async(sub["id"], {"billing_cycle_anchor": {"type": "now"}})
    assert resumed.status == "active"
    assert resumed["items"].data[0].current_period_start == at
    assert len(double.told("customer.subscription.resumed")) == len(double.told("invoice.paid")) == 1


@pytest.mark.parametrize("behavior", ["resume_on_payment_success", "resume_on_payment_attempt"])
async def test_a_pause_that_ends_with_a_failing_card_waits_for_the_money(
    double: StripeDouble, api: Api, behavior: Any
) -> None:
    sub = double.subscribe(is_flexible=True)
    await api.v1.subscriptions.pause_async(sub["id"])
    double.decline(sub["customer"])
    double.advance(days=60)
    resumed = await api.v1.subscriptions.resume_async(sub["id"], {"payment_behavior": behavior})
    if behavior == "resume_on_payment_attempt":
        assert resumed.status == "past_due"
        return
    assert resumed.status == "paused"
    double.advance(hours=23)
    assert double.object("invoice", str(resumed.latest_invoice))["status"] == "void"
    again = await api.v1.subscriptions.resume_async(sub["id"])
    double.accept(sub["customer"])
    await api.v1.invoices.pay_async(str(again.latest_invoice))
    assert (sub["status"], sub["status_details"]) == ("active", None)
    assert len(double.told("customer.subscription.resumed")) == 1


async def test_nobody_tries_to_be_paid_for_what_was_cancelled(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe()
    double.decline(sub["customer"])
    double.advance(days=32)
    assert double.object("customer", sub["customer"])["delinquent"]
    why: Any = {"cancellation_details": {"feedback": "unused"}}
    gone = await api.v1.subscriptions.cancel_async(sub["id"], why)
    assert (gone.status, gone.cancellation_details.feedback) == ("canceled", "unused")
    assert gone.cancellation_details.reason == "cancellation_requested"
    double.accept(sub["customer"])
    double.advance(days=30)
    invoice = double.object("invoice", sub["latest_invoice"])
    assert (invoice["status"], invoice["attempt_count"]) == ("open", 1)


async def test_a_past_is_built_without_telling_of_it(double: StripeDouble, api: Api) -> None:
    now = double.now()
    with double.past(days=100):
        sub = double.subscribe()
        double.advance(days=10)
        other = double.subscribe(trial_days=14)
    assert double.now() == now == double.time.clock.now().timestamp()
    assert double.told() == []
    assert (sub["start_date"], other["start_date"]) == (now - 100 * DAY, now - 90 * DAY)
    assert [len((await api.v1.invoices.list_async({"subscription": one["id"]})).data) for one in (sub, other)] == [4, 4]
    assert all(
        one.status == "paid" for one in (await api.v1.payouts.list_async({"created": {"lt": now - 9 * DAY}})).data
    )
    double.advance(days=31)
    assert len(double.told("invoice.paid")) == 2


async def test_a_longer_trial_is_warned_of_anew_and_then_paid(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe(trial_days=14)
    start, longer = double.now(), double.now() + 30 * DAY
    double.advance(days=12)
    extended = await api.v1.subscriptions.update_async(sub["id"], {"trial_end": longer, "proration_behavior": "none"})
    assert (extended.status, extended.trial_end, extended.billing_cycle_anchor) == ("trialing", longer, longer)
    double.advance(days=25)
    warned = [one["created"] - start for one in double.told("customer.subscription.trial_will_end")]
    assert warned == [11 * DAY, 27 * DAY]
    assert sub["status"] == "active"
    [invoice] = double.told("invoice.paid")
    assert invoice["data"]["object"]["amount_paid"] == 2_900
    assert invoice["created"] == longer + HOUR


@pytest.mark.parametrize(("otherwise", "status"), [("cancel", "canceled"), ("pause", "paused")])
async def test_a_trial_without_a_card_ends_as_it_was_told_to(
    double: StripeDouble, api: Api, otherwise: Any, status: str
) -> None:
    customer, price = double.customer(has_card=False), double.plan()
    sub = await api.v1.subscriptions.create_async(
        {
            "customer": customer["id"],
            "items": [{"price": price["id"]}],
            "trial_period_days": 2,
            "trial_settings": {"end_behavior": {"missing_payment_method": otherwise}},
        }
    )
    assert [one["type"] for one in double.told("customer.subscription.trial_will_end")] != []
    double.advance(days=3)
    assert (await api.v1.subscriptions.retrieve_async(sub.id)).status == status


async def test_a_first_payment_that_fails_leaves_it_incomplete_for_a_day(double: StripeDouble, api: Api) -> None:
    customer = double.customer(declines="insufficient_funds")
    sub = await api.v1.subscriptions.create_async(
        {"customer": customer["id"], "items": [{"price": double.plan()["id"]}]}
    )
    assert sub.status == "incomplete"
    double.advance(hours=23)
    assert (await api.v1.subscriptions.retrieve_async(sub.id)).status == "incomplete_expired"


async def test_free_days_on_a_paid_subscription_move_its_cycle(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe(price=double.plan("Pro", 3_100))
    double.advance(days=10)
    ends = double.now() + 60 * DAY
    await api.v1.subscriptions.update_async(sub["id"], {"trial_end": ends, "proration_behavior": "create_prorations"})
    assert (_end(sub), sub["billing_cycle_anchor"], sub["status"]) == (ends, ends, "trialing")
    preview = await api.v1.invoices.create_preview_async({"subscription": sub["id"]})
    assert preview.total == 3_100 - 2_100  # 21 of 31 days were paid for and not had


async def test_discounts_end_when_they_should(double: StripeDouble, api: Api) -> None:
    price = double.plan("Pro", 10_000)
    once = double.subscribe(price=price)
    await api.v1.subscriptions.update_async(once["id"], {"discounts": [{"coupon": double.coupon(10.0)["id"]}]})
    thrice = double.coupon(20.0, duration="repeating", duration_in_months=2)
    repeating = double.subscribe(price=price, coupon=thrice["id"])
    double.advance(days=100)
    listed = api.v1.invoices.list_async
    totals = [[one.total for one in (await listed({"subscription": sub["id"]})).data] for sub in (once, repeating)]
    assert totals == [[10_000, 10_000, 9_000, 10_000], [10_000, 10_000, 8_000, 8_000]]
    assert once["discounts"] == repeating["discounts"] == []
    assert len(double.told("customer.discount.deleted")) == 2


async def test_a_schedule_downgrades_at_the_end_of_the_period_and_lets_go(double: StripeDouble, api: Api) -> None:
    pro, small = double.plan("Pro", 9_900), double.plan("Small", 2_900)
    sub = double.subscribe(price=pro)
    end = _end(sub)
    schedule = await api.v1.subscription_schedules.create_async({"from_subscription": sub["id"]})
    now = schedule.phases[0]
    phases: Any = [
        {"items": [{"price": pro["id"]}], "start_date": now.start_date, "end_date": now.end_date},
        {"items": [{"price": small["id"]}], "duration": {"interval": "month", "interval_count": 1}},
    ]
    update = api.v1.subscription_schedules.update_async
    with pytest.raises(stripe.InvalidRequestError, match="current one"):
        await update(schedule.id, {"phases": phases[1:]})
    planned = await update(schedule.id, {"phases": phases, "end_behavior": "release"})
    assert [phase.start_date for phase in planned.phases] == [now.start_date, end]
    with pytest.raises(stripe.InvalidRequestError, match="managed by the subscription schedule"):
        await api.v1.subscriptions.update_async(sub["id"], {"cancel_at_period_end": True})
    assert sub["items"]["data"][0]["price"]["id"] == pro["id"]
    double.advance(days=32)
    found: Any = await api.v1.subscriptions.retrieve_async(sub["id"], {"expand": ["latest_invoice"]})
    assert (found["items"].data[0].price.id, found.latest_invoice.total) == (small["id"], 2_900)
    assert found.schedule == schedule.id
    double.advance(days=31)
    gone = await api.v1.subscription_schedules.retrieve_async(schedule.id)
    assert (gone.status, gone.released_subscription, gone.subscription) == ("released", sub["id"], None)
    assert (sub["schedule"], sub["status"]) == (None, "active")
    with pytest.raises(stripe.InvalidRequestError, match="currently released"):
        await api.v1.subscription_schedules.release_async(schedule.id)


async def test_events_are_listed_for_thirty_days(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe(is_told=True)
    first = double.told()[0]["id"]
    assert (await api.v1.events.retrieve_async(first)).type == "invoice.created"
    double.advance(days=29)
    listed = (await api.v1.events.list_async({"types": ["customer.subscription.created", "invoice.paid"]})).data
    assert [one.type for one in listed] == ["customer.subscription.created", "invoice.paid"]
    double.advance(days=3)
    assert [one.type for one in (await api.v1.events.list_async({"type": "customer.subscription.created"})).data] == []
    renewed = (await api.v1.events.list_async({"type": "customer.subscription.updated"})).data
    assert [one.data.object["id"] for one in renewed] == [sub["id"]]
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        await api.v1.events.retrieve_async(first)
    since = renewed[0].created
    recent = (await api.v1.events.list_async({"created": {"gte": since}, "limit": 100})).data
    assert {one.type for one in recent} >= {"invoice.created", "invoice.paid"}
    assert min(one.created for one in recent) == since
