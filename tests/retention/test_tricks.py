"""What customers try who want two discounts or a free year, and what keeps them from leaving that must not."""

from datetime import UTC, datetime

import pytest

from backend.client import ApiError
from backend.demo.outside.stripe.mishap import Mishap
from backend.retention.facts import discount_cost, history_of
from backend.rules.shipped.flow import FLOW
from tests.retention.leaver import Leaver
from tests.support.backend import Backend

pytestmark = [
    pytest.mark.settings(token_days=800),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),  # which database does not matter
]


async def test_a_trial_is_made_longer_once(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive(trial_days=7)
    offered = (await leaver.leave())["nextStep"]["offer"]
    assert offered["offer"] == "TRIAL_EXTENSION:14"
    await leaver.decide("TRIAL_EXTENSION")
    await leaver.settle()
    assert (await leaver.decide("TRIAL_EXTENSION", step=1))["outcome"] == "SAVED"
    backend.clock.advance(days=10)  # still in the trial, and about to be charged
    again = (await leaver.leave())["nextStep"]
    assert again["offerType"] != "TRIAL_EXTENSION"
    assert "MAX_TRIAL_EXTENSIONS" in {one["limit"] for one in (await leaver.shown())["refused"]}


@pytest.mark.parametrize(
    ("interval", "count", "months", "cost"),
    [
        *(("month", 1, 3, 600), ("month", 1, 1, 200), ("week", 1, 3, 2_607)),
        *(("year", 1, 3, 200), ("month", 12, 3, 200), ("month", 3, 4, 400), ("year", 1, 13, 400)),
    ],
)
async def test_a_discount_costs_what_it_takes_off_whole_invoices(
    backend: Backend, interval: str, count: int, months: int, cost: int
) -> None:
    """A fifth of 1,000 off each invoice: of a year's invoice all of it, though it lasts three months only."""
    leaver = await Leaver(backend).arrive()
    await leaver.mark(amount=1_000, interval=interval, interval_count=count)
    assert discount_cost(await leaver.row(), 20, months) == cost


@pytest.mark.parametrize(
    ("columns", "budget", "limits"),
    [
        ({"interval": "month", "interval_count": 12}, None, {"PAUSE:2": "ANNUAL_PAUSE"}),
        ({"interval": "month", "interval_count": 3}, None, {"PAUSE:2": "ANNUAL_PAUSE"}),
        ({"currency": "USD"}, 1_000_000, {"DISCOUNT:20": "BUDGET"}),
        ({"amount": 500_000}, None, {"DOWNGRADE": "NO_CHEAPER_PLAN"}),  # of several items at once
    ],
)
async def test_what_would_give_more_than_it_says_is_not_offered(
    backend: Backend, columns: dict[str, object], budget: int | None, limits: dict[str, str]
) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.set(discountBudget=budget)
    await leaver.mark(**columns)
    await leaver.leave()
    refused = {one["offer"]: one["limit"] for one in (await leaver.shown())["refused"]}
    assert limits.items() <= refused.items()


async def test_a_discount_that_would_meet_no_invoice_is_not_offered(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.mark(
        interval="year", current_period_end=backend.clock.now().replace(year=backend.clock.now().year + 1)
    )
    await leaver.leave()
    refused = {one["offer"]: one["limit"] for one in (await leaver.shown())["refused"]}
    assert refused["DISCOUNT:20"] == "NO_INVOICE"


async def test_who_wants_to_leave_while_an_agent_changes_it_is_cancelled_after_that(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.leave()
    await leaver.ask("pause", months=1)
    with pytest.raises(ApiError) as busy:
        await leaver.decide("DISCOUNT")
    assert (busy.value.status, busy.value.code) == (409, "CHANGE_OPEN")
    assert set(busy.value.details) == {"current"}, "a page learns nothing of who changes what"
    assert "runId" in busy.value.details["current"]
    answer = await leaver.decide("CANCEL")
    assert (answer["pending"], answer["outcome"]) == (True, None)
    for _ in range(3):
        await leaver.settle()
    assert (await leaver.shown())["outcome"] == "CANCELLED"
    assert leaver.stripe["cancel_at_period_end"] is True


async def test_a_cancellation_that_fails_while_another_waits_for_it_is_asked_for_again(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.start()
    await leaver.ask("cancel")
    assert (await leaver.decide("CANCEL"))["pending"]
    leaver.double.mishaps.append(Mishap("refuse", on="POST /v1/subscriptions", times=1))
    for _ in range(3):
        await leaver.settle()
    assert (await leaver.shown())["outcome"] == "CANCELLED"
    assert [one["state"] for one in await leaver.changes()] == ["DONE", "FAILED"]


async def test_what_is_paused_at_stripe_can_be_cancelled_too(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    leaver.stripe["status"] = "paused"
    await leaver.look()
    await leaver.start()
    assert (await leaver.decide("CANCEL"))["pending"]
    await leaver.settle()
    gone = await leaver.decide("CANCEL")
    assert (gone["outcome"], leaver.stripe["status"]) == ("CANCELLED", "canceled")
    assert "until the end" not in gone["message"]


async def test_what_is_saved_is_what_is_billed_then(backend: Backend) -> None:
    """Who pays half for ever, and pauses, is worth that half and not the list price."""
    leaver = Leaver(backend)
    leaver.double.coupon(50.0, id="old", duration="forever")
    await leaver.arrive(coupon="old")
    await leaver.leave("unused")
    await leaver.decide("PAUSE")
    await leaver.settle()
    saved = await leaver.decide("PAUSE", step=1)
    assert (saved["outcome"], saved["revenueSaved"]) == ("SAVED", 1_450)


async def test_the_month_of_the_budget_is_the_one_on_the_wall(backend: Backend) -> None:
    """At half past eleven in the evening of the last of March in Kolkata it is March, and an hour later April."""
    leaver = await Leaver(backend).arrive()
    await leaver.set(discountBudget=10_000)
    leaver.double.advance(seconds=(datetime(2026, 3, 31, 18, tzinfo=UTC) - backend.clock.now()).total_seconds())
    await leaver.look()
    await leaver.leave()
    await leaver.decide("DISCOUNT")
    row, units = await leaver.row(), await backend.units()
    settings = FLOW.shipped.settings | {"discountBudget": 10_000}

    async def given_away() -> int:
        return int((await units.read(history_of, row, "TREATED", settings)).given_away)

    assert await given_away() == 174_000
    leaver.double.advance(hours=1)
    assert await given_away() == 0
