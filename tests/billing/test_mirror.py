"""From what happens at Stripe, by webhooks, to the mirror and what is told."""

import pytest

from backend.billing.models import Invoice
from tests.billing.conftest import Billing

pytestmark = [pytest.mark.settings(token_days=4_000), pytest.mark.alike]


async def test_a_subscription_is_mirrored_from_its_first_webhook_to_its_end(billing: Billing) -> None:
    await billing.begin()
    stripe = billing.stripe
    plan = stripe.plan("Weekly thali", 49_900, currency="inr")
    payer = stripe.customer("asha@example.com", "Asha Rao", metadata={"externalId": "cust-7"})
    sub = stripe.subscribe(payer, plan, quantity=2, is_told=True)
    await billing.deliver()
    api = await billing.backend.owner()
    (shown,) = (await api.subscriptions.list()).items
    assert (shown.stripe_subscription_id, shown.status, shown.quantity) == (sub["id"], "active", 2)
    assert (shown.amount, shown.mrr, shown.currency, shown.interval) == (998, 998, "INR", "month")
    assert shown.plan is not None
    assert (shown.plan.name, shown.plan.amount) == ("Weekly thali", 499)
    assert (shown.customer.external_id, shown.customer.name) == ("cust-7", "Asha Rao")
    assert (shown.freshness, shown.is_live, shown.has_unpaid_invoice) == ("CURRENT", False, False)
    assert (await billing.told())[0] == "subscription.started"
    assert "subscription.invoice_paid" in await billing.told()
    assert set(await billing.outcomes()) <= {"applied", "unchanged", "ignored"}

    await billing.call("post", f"subscriptions/{sub['id']}", pause_collection={"behavior": "void"})
    await billing.deliver()
    paused = await api.subscriptions.show(sub["id"])
    assert paused.pause is not None
    assert paused.pause.behavior == "void"
    assert (paused.status, paused.mrr, paused.version) == ("active", 0, 2)

    await billing.call("delete", f"subscriptions/{sub['id']}")
    await billing.deliver()
    ended = await api.subscriptions.show(shown.id)
    assert (ended.status, ended.mrr, ended.cancellation_reason) == ("canceled", 0, "cancellation_requested")
    assert (await billing.told())[-1] == "subscription.ended"


async def test_failed_payments_and_the_end_they_lead_to_are_told(billing: Billing) -> None:
    await billing.begin()
    stripe = billing.stripe
    sub = stripe.subscribe(stripe.customer(), stripe.plan("Pro", 2_900))
    await billing.read_all()
    stripe.decline(sub["customer"])
    stripe.advance(days=31, hours=2)
    await billing.deliver()
    row = await billing.subscription(sub["id"])
    assert (row.status, row.has_unpaid_invoice, row.mrr) == ("past_due", True, 2_900)
    assert "subscription.payment_failed" in await billing.told()
    stripe.advance(days=3)
    await billing.deliver()
    assert (await billing.told()).count("subscription.payment_failed") == 2
    stripe.advance(days=30)
    await billing.deliver()
    row = await billing.subscription(sub["id"])
    assert (row.status, row.cancellation_reason, row.mrr) == ("canceled", "payment_failed", 0)
    tried = [invoice for invoice in await billing.rows(Invoice) if invoice.attempts > 1]
    assert len(tried) == 1
    assert tried[0].status == "open"


@pytest.mark.parametrize("api_version", ["2024-06-20", "2026-10-28.endive"])
async def test_both_generations_of_webhooks_lead_to_the_same(billing: Billing, api_version: str) -> None:
    await billing.begin()
    billing.stripe.account.rows("webhook_endpoint").get(billing.endpoint)["api_version"] = api_version
    sub = billing.stripe.subscribe(is_told=True)
    await billing.deliver()
    row = await billing.subscription(sub["id"])
    assert row.status == "active"
    assert row.current_period_end is not None
    (invoice,) = await billing.rows(Invoice)
    assert (invoice.status, invoice.subscription_id, invoice.amount_paid) == ("paid", row.id, 2_900)
