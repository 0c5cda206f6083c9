"""Money: refunds, disputes, payouts, the balance, and what restricted keys and OAuth let one see of them."""

from typing import Any

import pytest
import stripe

from backend.demo.outside.stripe import StripeDouble
from tests.support.stripe import client

Api = stripe.StripeClient
DAY = 86_400


async def _charge(double: StripeDouble, api: Api, amount: int = 10_000) -> tuple[Any, stripe.Charge]:
    """A subscription and the charge of its first invoice, found through the invoice's payment."""
    sub = double.subscribe(price=double.plan("Pro", amount), is_told=True)
    [payment] = (await api.v1.invoice_payments.list_async({"invoice": sub["latest_invoice"]})).data
    intent = await api.v1.payment_intents.retrieve_async(str(payment.payment.payment_intent))
    return sub, await api.v1.charges.retrieve_async(str(intent.latest_charge))


async def test_a_charge_is_given_back_in_parts_and_never_twice(double: StripeDouble, api: Api) -> None:
    _, charge = await _charge(double, api)
    refund = api.v1.refunds.create_async
    await refund({"charge": charge.id, "amount": 4_000, "reason": "requested_by_customer"})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        await refund({"charge": charge.id, "amount": 6_001})
    rest = await refund({"payment_intent": str(charge.payment_intent)})
    assert rest.amount == 6_000
    found = await api.v1.charges.retrieve_async(charge.id, {"expand": ["refunds"]})
    assert (found.refunded, found.amount_refunded, len(found.refunds.data)) == (True, 10_000, 2)
    with pytest.raises(stripe.InvalidRequestError) as again:
        await refund({"charge": charge.id})
    assert again.value.code == "charge_already_refunded"
    assert len(double.told("charge.refunded")) == len(double.told("refund.created")) == 2
    balance = await api.v1.balance.retrieve_async()
    assert balance.pending[0].amount == -320  # what Stripe keeps: 2.9 % and 30


async def test_a_dispute_takes_the_money_until_it_is_won(double: StripeDouble, api: Api) -> None:
    sub, charge = await _charge(double, api)
    dispute = double.dispute(charge.id, "product_not_received")
    assert (await api.v1.balance.retrieve_async()).pending[0].amount == 10_000 - 320 - 10_000 - 1_500
    with pytest.raises(stripe.InvalidRequestError, match="disputed"):
        await api.v1.refunds.create_async({"charge": charge.id})
    answered = await api.v1.disputes.update_async(dispute["id"], {"evidence": {"uncategorized_text": "Delivered"}})
    assert answered.status == "under_review"
    double.decide(dispute["id"], "won")
    assert (await api.v1.balance.retrieve_async()).pending[0].amount == 10_000 - 320
    assert [one["type"] for one in double.told() if "dispute" in one["type"]] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    _, another = await _charge(double, api)
    ignored = double.dispute(another.id)
    double.advance(days=8)
    assert (await api.v1.disputes.retrieve_async(ignored["id"])).status == "lost"
    assert sub["status"] == "active"


async def test_what_is_available_goes_to_the_bank_by_itself(double: StripeDouble, api: Api) -> None:
    await _charge(double, api)
    start = double.now()
    double.advance(days=2)
    balance = await api.v1.balance.retrieve_async()
    assert (balance.available[0].amount, balance.pending[0].amount) == (9_680, 0)
    double.advance(days=1)
    [payout] = (await api.v1.payouts.list_async({"status": "pending"})).data
    assert payout.amount == 9_680
    assert payout.created % DAY == 0
    arriving: Any = {"arrival_date": {"gte": start + 4 * DAY, "lt": start + 5 * DAY}}
    assert [one.id for one in (await api.v1.payouts.list_async(arriving)).data] == [payout.id]
    parts = (await api.v1.balance_transactions.list_async({"payout": payout.id})).data
    assert sorted(one.net for one in parts) == [-9_680, 9_680]
    double.advance(days=2)
    paid = await api.v1.payouts.retrieve_async(payout.id)
    assert (paid.status, paid.reconciliation_status) == ("paid", "completed")
    double.account.bank_refuses = "account_closed"
    await _charge(double, api)
    double.advance(days=6)
    [failed] = double.told("payout.failed")
    assert failed["data"]["object"]["failure_code"] == "account_closed"
    assert len(double.told("payout.paid")) == 1
    with pytest.raises(stripe.InvalidRequestError, match="insufficient funds"):
        await api.v1.payouts.create_async({"amount": 10**6, "currency": "usd"})


async def test_a_restricted_key_is_told_what_it_lacks(double: StripeDouble) -> None:
    sub = double.subscribe()
    api = client(double, double.restricted_key("subscription_write", "charge_read"))
    await api.v1.subscriptions.update_async(sub["id"], {"metadata": {"by": "us"}})
    assert (await api.v1.subscriptions.retrieve_async(sub["id"])).metadata["by"] == "us"  # who may write may read
    assert len((await api.v1.charges.list_async()).data) == 1
    lacking: list[tuple[Any, str]] = [
        (api.v1.invoices.create_preview_async({"subscription": sub["id"]}), "rak_invoice_read"),
        (api.v1.coupons.create_async({"percent_off": 5, "duration": "once"}), "rak_coupon_write"),
        (api.v1.refunds.create_async({"charge": "ch_x"}), "rak_charge_write"),
        (api.v1.events.list_async(), "rak_event_read"),
    ]
    for asked, permission in lacking:
        with pytest.raises(stripe.PermissionError, match=permission) as refused:
            await asked
        assert refused.value.http_status == 403
    assert [change.path for change in double.changes()] == [f"/v1/subscriptions/{sub['id']}"]


async def test_oauth_codes_are_for_one_use_and_five_minutes(double: StripeDouble, api: Api) -> None:
    async def connect(code: str) -> Any:
        about: Any = {"grant_type": "authorization_code", "code": code}
        return (await api.raw_request_async("post", "/oauth/token", base="connect", **about)).data

    code = double.new_code("acct_shop")
    granted = await connect(code)
    assert granted["stripe_user_id"] == "acct_shop"
    double.subscribe(book=double.book("acct_shop"))
    there: Any = {"stripe_account": "acct_shop"}
    assert len((await api.v1.subscriptions.list_async(options=there)).data) == 1
    late = double.new_code("acct_late")
    double.advance(minutes=5)
    for bad in (code, late, "ac_nobody"):
        with pytest.raises(stripe.oauth_error.InvalidGrantError):
            await connect(bad)
    about: Any = {"client_id": "ca_double", "stripe_user_id": "acct_shop"}
    await api.raw_request_async("post", "/oauth/deauthorize", base="connect", **about)
    with pytest.raises(stripe.PermissionError):
        await api.v1.subscriptions.list_async(options=there)
    with pytest.raises(stripe.oauth_error.InvalidClientError):
        await api.raw_request_async("post", "/oauth/deauthorize", base="connect", **about)
