"""Each kind of change from the HTTP request to Stripe (its double, by the real library) and back into the mirror."""

from fractions import Fraction
from typing import Any

import pytest

from backend.client import ApiError
from tests.billing.changing import BASIC, PRO, World
from tests.support.backend import Backend

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.settings(token_days=400)]


async def outcome(world: World, what: str, **body: Any) -> dict[str, Any]:
    """Ask, and have it done."""
    await world.ask(what, **body)
    return await world.settle()


async def test_a_pause_bills_nothing_and_a_resume_bills_again(backend: Backend) -> None:
    world = await World(backend).begin()
    asked = await world.ask("pause", months=2)
    assert (asked["state"], asked["words"]) == ("INTENDED", "pause billing until 2 May 2026")
    done = await world.settle()
    assert (done["state"], done["tries"], done["error"]) == ("DONE", 1, None)
    assert world.stripe["pause_collection"] == {"behavior": "void", "resumes_at": 1_777_712_400}
    assert (done["before"]["pausedBehavior"], done["after"]["pausedBehavior"]) == (None, "void")
    assert done["wanted"] == {"pausedBehavior": "void", "resumesAt": "2026-05-02T09:00:00.000000Z"}
    with pytest.raises(ApiError, match="paused already until 2 May 2026") as refused:
        await world.ask("pause", months=1)
    assert (refused.value.status, refused.value.code) == (422, "ALREADY_PAUSED")
    assert (await outcome(world, "resume"))["state"] == "DONE"
    assert world.stripe["pause_collection"] is None
    assert [one.path for one in world.written()] == [f"/v1/subscriptions/{world.stripe_id}"] * 2


async def test_a_downgrade_now_gives_back_what_was_previewed_to_the_paisa(backend: Backend) -> None:
    world = await World(backend).begin()
    world.double.advance(days=10, hours=5, seconds=17)
    preview = await world.owner.transport.call(
        "POST",
        "/api/subscriptions/{subscription_id}/preview",
        None,
        {"kind": "DOWNGRADE", "params": {"planId": world.basic, "when": "now"}},
        subscription_id=world.sub,
    )
    world.double.advance(minutes=9)
    done = await outcome(world, "downgrade", planId=world.basic, when="now", prorationDate=preview["prorationDate"])
    assert (done["state"], done["error"]) == ("DONE", None)
    # Independently: the seconds that were left at the preview, of a month of 31 days, each plan rounded by itself.
    left = Fraction(31 * 86_400 - (10 * 86_400 + 5 * 3_600 + 17), 31 * 86_400)
    unused, remaining = (int(left * amount + Fraction(1, 2)) for amount in (PRO, BASIC))
    assert preview["credit"] == (unused - remaining) / 100
    assert preview["next"]["amount"] == max(0, BASIC - unused + remaining) / 100
    assert preview["unchanged"]["amount"] == PRO / 100
    assert world.standing()["priceId"] == "Basic"
    world.double.advance(days=21)
    latest = world.double.object("invoice", world.stripe["latest_invoice"])
    assert latest["amount_due"] == max(0, BASIC - unused + remaining)


async def test_a_preview_that_is_old_is_refused(backend: Backend) -> None:
    world = await World(backend).begin()
    world.double.advance(days=3)
    at = backend.clock.now().isoformat()
    world.double.advance(minutes=11)
    for when, code in ((at, "PREVIEW_STALE"), (None, "PREVIEW_NEEDED")):
        with pytest.raises(ApiError) as refused:
            await world.ask("downgrade", planId=world.basic, when="now", prorationDate=when)
        assert (refused.value.status, refused.value.code) == (422, code)
    assert (await world.changes(), world.written()) == ([], [])


async def test_a_downgrade_later_waits_for_the_end_and_can_be_undone(backend: Backend) -> None:
    world = await World(backend).begin()
    done = await outcome(world, "downgrade", planId=world.basic)
    assert (done["state"], done["error"]) == ("DONE", None)
    assert world.standing()["priceId"] == "Pro"
    assert world.standing()["scheduled"]["priceId"] == "Basic"
    with pytest.raises(ApiError) as refused:
        await world.ask("discount", percent=5, months=2)
    assert refused.value.code == "SCHEDULED"
    kept = await outcome(world, "keep")
    assert (kept["state"], world.stripe["schedule"]) == ("DONE", None)
    again = await outcome(world, "downgrade", planId=world.basic)
    assert again["state"] == "DONE"
    world.double.advance(days=32)
    assert world.standing()["priceId"] == "Basic"
    latest = world.double.object("invoice", world.stripe["latest_invoice"])
    assert latest["amount_due"] == BASIC


async def test_a_discount_is_added_to_those_that_are_there(backend: Backend) -> None:
    world = World(backend)
    world.double.coupon(10.0, id="old", duration="forever")
    await world.begin(coupon="old")
    done = await outcome(world, "discount", percent=12.5, months=3)
    assert (done["state"], done["error"]) == ("DONE", None)
    assert world.standing()["percents"] == [10.0, 12.5]
    (coupon,) = [one for one in world.double.account.rows("coupon") if one["id"] != "old"]
    assert (coupon["max_redemptions"], coupon["times_redeemed"], coupon["duration_in_months"]) == (1, 1, 3)
    assert coupon["redeem_by"] - world.double.now() == 3_600
    assert coupon["metadata"]["holdfast_change"] == done["id"]
    world.double.advance(days=32)
    net = PRO - PRO // 10
    latest = world.double.object("invoice", world.stripe["latest_invoice"])
    assert latest["amount_due"] == net - int(Fraction(net, 8) + Fraction(1, 2))


async def test_more_of_a_trial_and_free_days_on_a_paid_one(backend: Backend) -> None:
    world = await World(backend).begin(trial_days=14)
    ends = world.stripe["trial_end"]
    done = await outcome(world, "trial", days=7)
    assert (done["state"], world.stripe["trial_end"] - ends) == ("DONE", 7 * 86_400)
    with pytest.raises(ApiError, match="two years"):
        await world.ask("trial", days=730)
    world.double.advance(days=25)
    await world.look()
    with pytest.raises(ApiError, match="not in a trial") as refused:
        await world.ask("trial", days=7)
    assert refused.value.code == "NOT_IN_TRIAL"
    ends = world.stripe["items"]["data"][0]["current_period_end"]
    done = await outcome(world, "trial", days=7, onPaid=True)
    assert (done["state"], world.stripe["trial_end"] - ends) == ("DONE", 7 * 86_400)


async def test_cancelling_at_the_end_keeping_it_and_cancelling_now(backend: Backend) -> None:
    world = await World(backend).begin()
    done = await outcome(world, "cancel", feedback="too_expensive", comment="Too dear\u202e.")
    assert (done["state"], world.stripe["cancel_at_period_end"]) == ("DONE", True)
    details = world.stripe["cancellation_details"]
    assert (details["feedback"], details["comment"]) == ("too_expensive", "Too dear.")
    with pytest.raises(ApiError) as refused:
        await world.ask("pause", months=1)
    assert refused.value.code == "SUBSCRIPTION_ENDING"
    assert (await outcome(world, "keep"))["state"] == "DONE"
    assert (world.stripe["cancel_at_period_end"], world.stripe["cancel_at"]) == (False, None)
    with pytest.raises(ApiError) as refused:
        await world.ask("keep")
    assert refused.value.code == "NOTHING_TO_UNDO"
    assert (await outcome(world, "cancel", when="now", feedback="unused"))["state"] == "DONE"
    assert world.stripe["status"] == "canceled"
    with pytest.raises(ApiError) as refused:
        await world.ask("resume")
    assert refused.value.code == "SUBSCRIPTION_ENDED"
