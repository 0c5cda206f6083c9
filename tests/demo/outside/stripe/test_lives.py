"""Random lives: whatever is asked and however long it takes, the events told all of it and the sums are right."""

import contextlib
import itertools
import random
from typing import Any

import pytest
import stripe

from backend.core.clock import FrozenClock
from backend.demo.outside.stripe import StripeDouble
from tests.support.stripe import client

DAY = 86_400


async def _step(double: StripeDouble, api: stripe.StripeClient, sub: dict[str, Any], dice: random.Random) -> None:
    """One thing that an agent, the customer's bank or time does."""
    v1, id = api.v1, sub["id"]
    match dice.randrange(12):
        case 0:
            price = dice.choice(list(double.account.rows("price")))
            items: Any = [{"id": sub["items"]["data"][0]["id"], "price": price["id"], "quantity": dice.randint(1, 3)}]
            how: Any = dice.choice(["none", "create_prorations", "always_invoice"])
            await v1.subscriptions.update_async(id, {"items": items, "proration_behavior": how})
        case 1:
            coupon = dice.choice(list(double.account.rows("coupon")))
            await v1.subscriptions.update_async(id, {"discounts": dice.choice(["", [{"coupon": coupon["id"]}]])})
        case 2:
            later = double.now() + dice.randint(1, 50) * DAY
            pause: Any = dice.choice(["", {"behavior": dice.choice(["void", "keep_as_draft"]), "resumes_at": later}])
            await v1.subscriptions.update_async(id, {"pause_collection": pause})
        case 3:
            await v1.subscriptions.update_async(id, {"cancel_at_period_end": dice.random() < 0.3})
        case 4:
            await v1.subscriptions.update_async(id, {"trial_end": double.now() + dice.randint(1, 40) * DAY})
        case 5:
            await (v1.subscriptions.pause_async(id) if dice.random() < 0.5 else v1.subscriptions.resume_async(id))
        case 6:
            (double.decline if dice.random() < 0.4 else double.accept)(sub["customer"])
        case 7:
            if sub["schedule"]:
                await v1.subscription_schedules.release_async(sub["schedule"])
            else:
                made = await v1.subscription_schedules.create_async({"from_subscription": id})
                first = made.phases[0]
                small = next(iter(double.account.rows("price")))
                kept: Any = [{"price": str(one.price), "quantity": one.quantity} for one in first.items]
                await v1.subscription_schedules.update_async(
                    made.id,
                    {
                        "phases": [
                            {"items": kept, "start_date": first.start_date, "end_date": first.end_date},
                            {"items": [{"price": small["id"]}]},
                        ]
                    },
                )
        case _:
            double.advance(hours=dice.randint(1, 24 * 20))


@pytest.mark.parametrize("seed", range(6))
async def test_events_tell_all_and_the_sums_are_right(seed: int) -> None:
    dice, double = random.Random(seed), StripeDouble(FrozenClock())
    api = client(double)
    prices = [double.plan("Small", 1_000), double.plan("Pro", 2_900), double.plan("Yearly", 25_000, interval="year")]
    double.coupon(25.0), double.coupon(amount_off=300, duration="forever")
    double.coupon(10.0, duration="repeating", duration_in_months=3)
    sub = double.subscribe(price=dice.choice(prices), is_flexible=True, is_told=True)
    for _ in range(40):
        with contextlib.suppress(stripe.InvalidRequestError):
            await _step(double, api, sub, dice)
        found, told = double.subscription(sub["id"]), _told(double, sub)
        assert {key: (told[key], found[key]) for key in found if told[key] != found[key]} == {}
    for invoice in double.account.rows("invoice"):
        off = sum(one["amount"] for one in invoice["total_discount_amounts"])
        assert invoice["total"] == sum(line["amount"] for line in invoice["lines"]["data"]) - off
        assert off <= sum(max(0, line["amount"]) for line in invoice["lines"]["data"])
        if invoice["status"] == "paid":
            assert invoice["amount_paid"] == max(0, invoice["total"] + invoice["starting_balance"])
    charged = sum(one["amount"] for one in double.account.rows("charge") if one["paid"])
    assert charged == sum(one["amount_paid"] for one in double.account.rows("invoice") if one["status"] == "paid")
    starts = [one["period"] for one in _period_lines(double)]
    assert all(later["start"] >= earlier["start"] for earlier, later in itertools.pairwise(starts))


def _told(double: StripeDouble, sub: dict[str, Any]) -> Any:
    told = [one for one in double.told() if one["data"]["object"]["id"] == sub["id"]]
    return told[-1]["data"]["object"]


def _period_lines(double: StripeDouble) -> list[dict[str, Any]]:
    lines = [line for invoice in double.account.rows("invoice") for line in invoice["lines"]["data"]]
    return [line for line in lines if not line["parent"]["subscription_item_details"]["proration"]]
