"""The bodies have the keys that Stripe's own types name: none that they lack, and all that are always there."""

import importlib
from typing import Any

import pytest
import stripe

from backend.demo.outside.stripe import StripeDouble
from backend.demo.outside.stripe.routes import ROUTES
from tests.support.stripe import client

Api = stripe.StripeClient
INCLUDABLE = {"deleted", "payments", "refunds", "subscriptions", "confirmation_secret", "sources"}
"""What is in an answer only when it is asked for, or when the thing is gone."""
TYPES: dict[str, type] = {
    "product": stripe.Product,
    "price": stripe.Price,
    "customer": stripe.Customer,
    "payment_method": stripe.PaymentMethod,
    "coupon": stripe.Coupon,
    "promotion_code": stripe.PromotionCode,
    "discount": stripe.Discount,
    "subscription": stripe.Subscription,
    "subscription_schedule": stripe.SubscriptionSchedule,
    "invoice": stripe.Invoice,
    "invoiceitem": stripe.InvoiceItem,
    "invoice_payment": stripe.InvoicePayment,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "payout": stripe.Payout,
    "balance_transaction": stripe.BalanceTransaction,
    "event": stripe.Event,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
INNER: dict[tuple[str, str], type] = {
    ("subscription", "items"): stripe.SubscriptionItem,
    ("invoice", "lines"): stripe.InvoiceLineItem,
    ("subscription_schedule", "phases"): stripe.SubscriptionSchedule.Phase,
}


def _named(of: type) -> tuple[set[str], set[str]]:
    """The keys of a type of Stripe's, and those of them that are always there."""
    notes = {key.removesuffix("_"): str(note) for key, note in of.__annotations__.items() if key[0] != "_"}
    notes.pop("OBJECT_NAME", None)
    return set(notes), {key for key, note in notes.items() if "Optional[" not in note and "NoneType" not in note}


def _differences(body: dict[str, Any], of: type) -> tuple[set[str], set[str]]:
    known, always = _named(of)
    return body.keys() - known, always - body.keys()


async def _live(double: StripeDouble, api: Api) -> None:
    """Enough of a life that there is one of each kind."""
    double.endpoint("http://nobody.example")
    coupon = double.coupon(10.0)
    code = await api.v1.promotion_codes.create_async({"promotion": {"type": "coupon", "coupon": coupon["id"]}})
    sub = double.subscribe(price=double.plan("Pro", 9_000), is_told=True)
    await api.v1.subscriptions.update_async(sub["id"], {"discounts": [{"promotion_code": code.id}]})
    schedule = await api.v1.subscription_schedules.create_async({"from_subscription": sub["id"]})
    await api.v1.subscription_schedules.release_async(schedule.id)
    item, small = sub["items"]["data"][0]["id"], double.plan("Small", 1_000)
    double.advance(days=5)
    await api.v1.subscriptions.update_async(sub["id"], {"items": [{"id": item, "price": small["id"]}]})
    first, second = (double.object("charge", one["data"]["object"]["id"]) for one in _charges(double))
    await api.v1.refunds.create_async({"charge": first["id"], "amount": 100})
    double.dispute(second["id"])
    double.advance(days=31)


def _charges(double: StripeDouble) -> list[dict[str, Any]]:
    double.subscribe(is_told=True)
    return double.told("charge.succeeded")


async def test_bodies_have_the_keys_of_stripes_types(double: StripeDouble, api: Api) -> None:
    await _live(double, api)
    for kind, of in TYPES.items():
        rows = list(double.account.rows(kind))
        assert rows, kind
        for body in rows:
            unknown, lacking = _differences(body, of)
            assert (unknown, lacking - INCLUDABLE) == (set(), set()), kind
            for (outer, key), inner in INNER.items():
                if outer == kind:
                    parts = body[key] if isinstance(body[key], list) else body[key]["data"]
                    assert [_differences(one, inner) for one in parts] == [(set(), set())] * len(parts), (kind, key)


def _parameters(method: str, path: str) -> set[str] | None:
    """What the library's own type of an operation's parameters names."""
    if path.startswith("/oauth"):
        return None
    parts = path.split("/")[2:]
    noun = {"invoiceitems": "invoice_item"}.get(parts[0], parts[0].removesuffix("s"))
    verb = {"GET": "list", "DELETE": "delete"}.get(method, "update" if "{}" in path else "create")
    if further := [part for part in parts[1:] if part != "{}"]:
        verb = {"void": "void_invoice", "finalize": "finalize_invoice"}.get(further[0], further[0])
    if (noun, verb) == ("subscription", "delete"):
        verb = "cancel"
    try:
        module = importlib.import_module(f"stripe.params._{noun}_{verb}_params")
    except ModuleNotFoundError:
        return None
    [found] = [of for name, of in vars(module).items() if name.lower() == f"{noun}{verb}params".replace("_", "")]
    return set(found.__annotations__)


def test_the_parameters_are_those_that_stripes_types_name() -> None:
    """What a route takes is there in the library's own parameters of that operation."""
    checked = 0
    for route in ROUTES:
        known = _parameters(route.method, route.path)
        if known is not None and not (route.method == "GET" and route.path.endswith("{}")):
            assert route.takes - known - {"expand", "created"} == set(), route
            checked += 1
    assert checked > 40


async def test_accounts_do_not_see_each_other(double: StripeDouble, api: Api) -> None:
    mine, other = double.subscribe(), double.connect("acct_other")
    theirs = double.subscribe(book=other, is_told=True)
    there: Any = {"stripe_account": "acct_other"}
    assert (await api.v1.subscriptions.retrieve_async(theirs["id"], options=there)).id == theirs["id"]
    assert [one.id for one in (await api.v1.subscriptions.list_async()).data] == [mine["id"]]
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        await api.v1.subscriptions.retrieve_async(theirs["id"])
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        await api.v1.customers.update_async(theirs["customer"], {"name": "Mine"})
    assert double.told() == []
    assert {event.type for event in (await api.v1.events.list_async(options=there)).data} > {"invoice.paid"}
    key: Any = {"idempotency_key": "same"}
    ours = await api.v1.coupons.create_async({"percent_off": 5, "duration": "once"}, key)
    assert (await api.v1.coupons.create_async({"percent_off": 5, "duration": "once"}, key | there)).id != ours.id
    double.disconnect("acct_other")
    with pytest.raises(stripe.PermissionError, match="does not have access to account 'acct_other'"):
        await api.v1.subscriptions.retrieve_async(theirs["id"], options=there)


async def test_what_is_expanded_is_the_object(double: StripeDouble, api: Api) -> None:
    sub = double.subscribe(coupon=double.coupon(10.0, duration="forever")["id"])
    paths = ["customer", "latest_invoice.payments", "discounts.source.coupon", "items.data.price.product"]
    found: Any = await api.v1.subscriptions.retrieve_async(sub["id"], {"expand": paths})
    assert found.customer.email == "ada@example.com"
    assert found.latest_invoice.payments.data[0].amount_paid == 2_610
    assert found.discounts[0].source.coupon.percent_off == 10.0
    assert found["items"].data[0].price.product.name == "Pro"
    listed: Any = await api.v1.subscriptions.list_async({"expand": ["data.customer"]})
    assert listed.data[0].customer.id == sub["customer"]
    assert isinstance(double.subscription(sub["id"])["customer"], str)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        await api.v1.subscriptions.retrieve_async(sub["id"], {"expand": ["nothing"]})


@pytest.mark.parametrize("version", ["2024-06-20", "2025-06-30.basil", "2026-10-28.endive"])
async def test_older_versions_have_their_older_shapes(double: StripeDouble, version: str) -> None:
    sub = double.subscribe(coupon=double.coupon(10.0, duration="forever")["id"])
    api = client(double, stripe_version=version)
    item = sub["items"]["data"][0]
    found = (
        await api.v1.subscriptions.retrieve_async(sub["id"], {"expand": ["discounts", "latest_invoice"]})
    ).to_dict()
    [discount], invoice = found["discounts"], found["latest_invoice"]
    charges = (await api.v1.charges.list_async()).to_dict()["data"]
    is_old, is_basil = version < "2025-03-31", version < "2025-09-30"
    assert ("source" in discount, "coupon" in discount) == (not is_basil, is_basil)
    assert discount.get("coupon", {}).get("percent_off") == (10.0 if is_basil else None)
    if is_old:
        assert found["current_period_end"] == item["current_period_end"]
        assert found["discount"]["coupon"]["percent_off"] == 10.0
        assert "current_period_end" not in found["items"]["data"][0]
        assert (invoice["subscription"], invoice["charge"]) == (sub["id"], charges[0]["id"])
        assert charges[0]["invoice"] == invoice["id"]
    else:
        assert found["items"]["data"][0]["current_period_end"] == item["current_period_end"]
        assert invoice["parent"]["subscription_details"]["subscription"] == sub["id"]
        assert not {"current_period_end", "discount"} & found.keys()
        assert not {"subscription", "charge"} & invoice.keys()
        assert "invoice" not in charges[0]
