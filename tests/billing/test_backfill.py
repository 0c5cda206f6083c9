"""Ninety days read in windows, killed wherever it hurts: the tables are those of a run that nobody disturbed."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from backend.billing import relist, syncing, takings
from backend.billing.models import (
    Balance,
    Charge,
    Dispute,
    Invoice,
    Payout,
    Plan,
    Refund,
    Subscription,
    TakingsDay,
)
from backend.billing.relist_place import Place, Window, anew, next_window
from backend.billing.relist_stages import progress
from backend.billing.schemas import AccountConnect
from backend.client import Client
from backend.demo.outside.stripe import Mishap
from backend.unit import Units
from tests.billing.conftest import Billing
from tests.billing.test_accounts import EVERYTHING
from tests.support.backend import business_of

pytestmark = [pytest.mark.alike, pytest.mark.settings(token_days=4_000)]
MIRRORED = (Charge, Refund, Dispute, Payout, Invoice, Balance)
TABLES = (*MIRRORED, Subscription, Plan, TakingsDay)
NAMES = {Subscription: "stripe_subscription_id", Invoice: "stripe_invoice_id", Plan: "stripe_price_id"}
"""What Stripe calls what others point at."""
_OWN = {"id", "business_id", "look", "charge_look", "read_at", "customer_id"}
"""Columns that differ from business to business, or from one reading to the next."""


class Killed(Exception):
    """The process died here."""


class Mortal:
    """Units of a process that dies now and then, before something is written or after."""

    def __init__(self, units: Units, rng: Random, share: float) -> None:
        self.units, self.runtime, self._rng, self._share = units, units.runtime, rng, share

    async def read(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self.units.read(service, *args, **kwargs)

    async def write(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        fate = self._rng.random()
        if fate < self._share / 2:
            raise Killed
        answer = await self.units.write(service, *args, **kwargs)
        if fate < self._share:
            raise Killed
        return answer


async def read_whole(units: Units, rng: Random, share: float) -> tuple[int, list[float]]:
    """Read everything, dying by chance; how often that was, and the progress after each life."""
    deaths, seen = 0, [0.0]
    await syncing.sync(units, is_full=True)  # type: ignore[arg-type]
    while (place := await units.read(relist.place_of)) is not None:
        seen.append(progress(place))
        try:
            await relist.relist(Mortal(units, rng, share))  # type: ignore[arg-type]
        except Killed:
            deaths += 1
    return deaths, seen


def columns_of(row: Any, names: dict[str, str]) -> dict[str, Any]:
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in _OWN}
    return {key: names.get(value, value) if key.endswith("_id") else value for key, value in values.items()}


async def tables(billing: Billing, owner: Client) -> dict[str, list[str]]:
    """Everything that a business's mirror of money holds, and the sums that are made of it, in no order."""
    await (await billing.backend.units(owner)).write(takings.roll_up)
    business = await business_of(owner)
    rows = {model: [row for row in await billing.rows(model) if row.business_id == business] for model in TABLES}
    names = {row.id: getattr(row, name) for model, name in NAMES.items() for row in rows[model]}
    return {
        model.__tablename__: sorted(repr(sorted(columns_of(row, names).items())) for row in found)
        for model, found in rows.items()
    }


async def test_a_backfill_that_is_killed_again_and_again_ends_as_one_that_was_not(billing: Billing) -> None:
    stripe, owner = billing.stripe, await billing.backend.owner()
    made = stripe.takings(1_700, days=88)
    with stripe.past(days=75):
        for number in range(12):
            stripe.subscribe(stripe.customer(f"c{number}@example.com"))
    charge = next(one for one in stripe.account.rows("charge") if one["customer"])
    await billing.call("post", "refunds", charge=charge["id"], amount=100)
    assert sum(made.values()) > 1_800

    deaths, seen = await read_whole(await billing.backend.units(), Random(7), 0.08)
    assert deaths >= 10
    assert seen == sorted(seen), "progress never goes back"
    mine = await tables(billing, owner)

    other = await billing.backend.another_owner()
    body = AccountConnect(key=stripe.restricted_key(*EVERYTHING, "balance_read"))
    await other.stripe.connect(await business_of(other), body)
    undisturbed, _ = await read_whole(await billing.backend.units(other), Random(1), 0.0)
    assert undisturbed == 0
    theirs = await tables(billing, other)
    assert {name: len(rows) for name, rows in mine.items()} == {name: len(rows) for name, rows in theirs.items()}
    assert mine == theirs
    everything = {kind: len(stripe.account.rows(kind)) for kind in ("charge", "refund", "dispute", "payout", "invoice")}
    assert {f"{kind}s": count for kind, count in everything.items()} | {"balances": 1} == {
        model.__tablename__: len(mine[model.__tablename__]) for model in MIRRORED
    }
    assert all(mine.values()), "there is something to compare in each"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_sync_that_fails_three_times_is_a_dead_letter_until_it_is_replayed(billing: Billing) -> None:
    await billing.begin()
    owner = await billing.backend.owner()
    billing.stripe.charge(5_000)
    billing.stripe.mishaps.append(Mishap("break", on="GET /v1/events", times=15))  # three tries of five calls each
    await billing.read_changes()
    for _ in range(2):
        billing.backend.clock.advance(minutes=3)
        await billing.backend.drain()
    (letter,) = (await owner.jobs.dead_letters())["items"]
    assert (letter["job"], letter["attempts"]) == ("billing.sync", 3)
    assert "500" in ((await owner.stripe.show(await business_of(owner))).error or "")
    before = len(await billing.rows(Charge))
    billing.stripe.charge(6_000, is_told=True)
    await owner.jobs.replay(letter["id"])
    await billing.backend.drain()
    assert len(await billing.rows(Charge)) == before + 1
    assert (await owner.stripe.show(await business_of(owner))).error is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_revoked_key_is_one_dead_letter_and_nothing_is_missed(billing: Billing) -> None:
    await billing.begin()
    owner, keys = await billing.backend.owner(), dict(billing.stripe.keys_of)
    billing.stripe.keys_of.clear()
    sub = billing.stripe.subscribe(is_told=True)
    await billing.deliver()
    assert None in await billing.outcomes(), "it waits"
    for _ in range(3):  # the syncs of three quarters of an hour
        await billing.read_changes()
        for _ in range(2):
            billing.backend.clock.advance(minutes=3)
            await billing.backend.drain()
    (letter,) = (await owner.jobs.dead_letters())["items"]
    assert letter["job"] == "billing.sync"
    assert "Invalid API Key" in ((await owner.stripe.show(await business_of(owner))).error or "")
    billing.stripe.keys_of.update(keys)
    await billing.read_changes()
    assert (await owner.stripe.show(await business_of(owner))).error is None
    assert (await billing.subscription(sub["id"])).status == sub["status"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_old_key_that_may_not_see_the_money_reads_the_rest(billing: Billing) -> None:
    await billing.begin()
    billing.stripe.subscribe()
    other = await billing.backend.another_owner()
    may = [scope for scope in EVERYTHING if scope not in ("charge_write", "refund_write", "payout_write")]
    key = billing.stripe.restricted_key(*may)
    await other.stripe.connect(await business_of(other), AccountConnect(key=key))
    await billing.backend.drain()
    shown = await other.stripe.show(await business_of(other))
    assert (shown.progress, shown.subscriptions, shown.charges) == (1.0, 1, 0)
    assert {"charges (read)", "payouts (read)"} <= set(shown.missing_scopes or [])


def test_windows_widen_where_nothing_is_and_progress_never_falls() -> None:
    place = Place("charges", None, 1, 0, 0.0, 86_400 * 90)
    asked: list[tuple[int, int]] = []
    seen = [progress(place)]
    while place.stage == "charges":
        window = Window.of(place)
        asked.append((window.day, window.width))
        found = 3 if window.day in (40, 41) or 40 in range(window.day, window.day + window.width) else 0
        if found and window.after is None and window.day == 41:
            place = next_window(place, "ch_7", "refunds", 3)
            assert Window.of(anew(place)) == replace(Window.of(place), after=None), (
                "a window begins anew, not the stage"
            )
        place = next_window(place, None, "refunds", found)
        seen.append(progress(place))
    assert seen == sorted(seen)
    assert [width for _, width in asked[:5]] == [1, 2, 4, 8, 16]
    days = [day for start, width in asked for day in range(start, start + width)]
    assert days[:92] == list(range(92)), "each day once"
    assert Window.of(Place("invoices", "4:in_1", 1, 0, 0.0, None)) == Window(4, 1, "in_1"), "as it was kept before"
