"""Previews are held against what Stripe then really bills."""

from fractions import Fraction
from typing import Any

import pytest

from backend.billing.change_schemas import PreviewAsk, PreviewRead
from backend.client import ApiError
from backend.demo.outside.stripe import Mishap
from tests.billing.changing import BASIC, PRO, World
from tests.support.backend import Backend

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.settings(token_days=400),
]


async def previewed(world: World, kind: str, **params: Any) -> PreviewRead:
    ask = PreviewAsk.model_validate({"kind": kind, "params": params})
    return await world.owner.subscriptions.preview(world.sub, ask)


def billed(world: World) -> list[tuple[str, int]]:
    """The day and the amount of every invoice that was paid after the first."""
    rows = [one for one in world.double.account.rows("invoice") if one["status"] == "paid"]
    rows = [one for one in rows if one["customer"] == world.stripe["customer"] and one["created"] > world.made_at]
    return sorted((world.day(one["created"]), one["amount_due"]) for one in rows)


async def test_a_pause(backend: Backend) -> None:
    world = await World(backend).begin()
    found = await previewed(world, "PAUSE", months=2)
    assert (found.saved, found.is_exact, found.credit) == (PRO / 100, False, 0)
    assert found.next is not None
    assert (f"{found.next.at:%Y-%m-%d}", found.next.amount) == ("2026-05-02", PRO / 100)
    assert found.words == [
        "Nothing is billed until 2 May 2026. What is owed already stays owed.",
        "The customer saves INR 2,900 in all.",
        "The next invoice is INR 2,900, on 2 May 2026.",
    ]
    await world.ask("pause", months=2)
    await world.settle()
    world.double.advance(days=65)
    assert billed(world) == [("2026-05-02", PRO)]


async def test_a_discount(backend: Backend) -> None:
    world = World(backend)
    world.double.coupon(10.0, id="old", duration="forever")
    await world.begin(coupon="old")
    found = await previewed(world, "DISCOUNT", percent=33.33, months=3)
    net = PRO - PRO // 10
    off = int(Fraction(net * 3333, 10_000) + Fraction(1, 2))
    assert found.next is not None
    assert found.next.amount == (net - off) / 100
    assert found.saved == 2 * off / 100  # those of 2 April and 2 May; the one of 2 June comes when it is over
    await world.ask("discount", percent=33.33, months=3)
    await world.settle()
    world.double.advance(days=95)
    assert billed(world) == [("2026-04-02", net - off), ("2026-05-02", net - off), ("2026-06-02", net)]


async def test_a_downgrade_at_the_end_of_the_period(backend: Backend) -> None:
    world = await World(backend).begin(quantity=3)
    found = await previewed(world, "DOWNGRADE", planId=world.basic)
    assert found.unchanged is not None
    assert found.next is not None
    assert (found.unchanged.amount, found.next.amount, found.credit) == (3 * PRO / 100, 3 * BASIC / 100, 0)
    assert (found.is_exact, found.proration_date) == (True, None)
    assert found.words[-1] == "The next invoice is INR 3,600 instead of INR 8,700, on 2 April 2026."


async def test_a_trial_a_cancellation_and_keeping_it(backend: Backend) -> None:
    world = await World(backend).begin(trial_days=14)
    found = await previewed(world, "TRIAL_EXTENSION", days=7)
    assert found.next is not None
    assert (f"{found.next.at:%Y-%m-%d}", found.next.amount) == ("2026-03-23", PRO / 100)
    ended = await previewed(world, "CANCEL")
    assert (ended.next, f"{ended.takes_effect_at:%Y-%m-%d}") == (None, "2026-03-16")
    assert ended.words == ["It ends on 16 March 2026. Nothing is given back.", "No invoice is to come."]
    await world.ask("cancel")
    await world.settle()
    kept = await previewed(world, "KEEP")
    assert kept.unchanged is None
    assert kept.next is not None
    assert kept.next.amount == PRO / 100
    assert world.double.mail.sent == []


async def test_what_cannot_be_asked_is_not_previewed_and_trouble_is_told(backend: Backend) -> None:
    world = await World(backend).begin()
    with pytest.raises(ApiError) as refused:
        await previewed(world, "RESUME")
    assert refused.value.code == "NOT_PAUSED"
    with pytest.raises(ApiError) as wrong:
        await previewed(world, "PAUSE", months=0)
    assert (wrong.value.status, wrong.value.details["field"]) == (400, "params.months")
    world.double.mishaps.append(Mishap("break", on="create_preview", times=9, is_kept=False))
    with pytest.raises(ApiError, match="Nothing was changed") as down:
        await previewed(world, "PAUSE", months=1)
    assert (down.value.status, world.written()) == (503, [])
