"""Runs from the first question to the one outcome, with Stripe's double at the other end."""

import asyncio

import pytest
from sqlalchemy.orm import Session

from backend.client import ApiError
from backend.demo.outside.stripe.mishap import Mishap
from backend.retention.flow_schemas import FlowChange, FlowTrial
from backend.retention.holdout import group_of
from backend.retention.models import OfferArm
from tests.retention.leaver import Leaver
from tests.support.backend import Backend, business_of
from tests.support.follows import follows, frames

pytestmark = pytest.mark.settings(token_days=800)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What the database makes no difference to."""


async def test_an_offer_is_accepted_carried_out_and_counted_once_stripe_shows_it(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    async with follows(backend, leaver.owner):
        first = await leaver.start()
    assert first.step is not None
    assert (first.step.kind, first.step.offer_type, first.step.number) == ("survey", "SURVEY", 0)
    assert [one.code for one in first.reasons][:2] == ["too_expensive", "unused"]
    assert (first.plan, first.monthly_value, first.cancel_url) == (
        "Pro",
        2_900.0,
        f"/api/retention/{first.run_id}/decision",
    )
    answer = await leaver.decide("SURVEY", reason="too_expensive", followUp="budget", comment="It is a lot.")
    assert answer["nextStep"]["offer"] == {
        "offerType": "DISCOUNT",
        "offer": "DISCOUNT:20",
        "params": {"percent": 20, "months": 3},
        "words": "20 % off for 3 months",
    }
    pending = await leaver.decide("DISCOUNT", step=1)
    assert (pending["outcome"], pending["pending"], pending["nextStep"], pending["revenueSaved"]) == (
        None,
        True,
        None,
        0,
    )
    assert await leaver.decide("DISCOUNT", step=1) == pending  # a double click
    await leaver.settle()
    saved = await leaver.decide("DISCOUNT", step=1)
    assert (saved["outcome"], saved["pending"], saved["revenueSaved"]) == ("SAVED", False, 2_320)
    assert leaver.standing()["percents"] == [20]

    shown = await leaver.shown()
    assert [(one["kind"], one["step"], one["offerType"]) for one in shown["log"]] == [
        ("ATTEMPT", 0, ""),
        ("SHOWN", 0, ""),
        ("ACCEPTED", 0, "SURVEY"),
        ("SHOWN", 1, "DISCOUNT"),
        ("ACCEPTED", 1, "DISCOUNT"),
    ]
    assert (shown["reasonLabel"], shown["followUp"], shown["comment"]) == (
        "It costs too much",
        "budget",
        "It is a lot.",
    )
    assert await leaver.types() == [f"retention_run.{verb}" for verb in ("started", "moved", "decided", "ended")]
    told = await frames(backend, leaver.owner, leaver.began)
    ended = next(frame for frame in told if frame["type"] == "retention_run.ended")
    assert ended["state"] == {name: value for name, value in shown.items() if name in ended["state"]}
    page = await leaver.owner.retention.runs(outcome="SAVED")
    assert ([one.run_id for one in page.items], page.open) == ([leaver.run.run_id], 0)


@on_sqlite
async def test_both_offers_declined_then_cancelled_in_stripes_words(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.leave("too_complex")  # the discount is not for this reason
    second = await leaver.decide("PAUSE", False)
    assert second["nextStep"]["offerType"] == "DOWNGRADE"
    assert second["nextStep"]["offer"]["words"] == "Basic at 1,200 INR from the next period on"
    confirm = await leaver.decide("DOWNGRADE", False)
    assert confirm["nextStep"]["kind"] == "confirm"
    assert (await leaver.decide("CONFIRM", comment="Too many buttons"))["pending"]
    await leaver.settle()
    gone = await leaver.decide("CONFIRM")
    assert (gone["outcome"], gone["revenueSaved"]) == ("CANCELLED", 0)
    assert leaver.stripe["cancel_at_period_end"] is True
    details = leaver.stripe["cancellation_details"]
    assert (details["feedback"], details["comment"]) == ("too_complex", "Too many buttons")
    assert await leaver.decide("CANCEL") == gone
    with pytest.raises(ApiError) as over:
        await leaver.start()
    assert (over.value.status, over.value.code) == (422, "ALREADY_ENDING")


@pytest.mark.parametrize("at", [0, 1, 2])
@on_sqlite
async def test_cancel_now_works_at_every_step(backend: Backend, at: int) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.start()
    for offer_type, accepted in (("SURVEY", False), ("PAUSE", False))[:at]:
        await leaver.decide(offer_type, accepted)
    assert (await leaver.decide("CANCEL", reason="other"))["pending"]
    await leaver.settle()
    assert (await leaver.decide("CANCEL"))["outcome"] == "CANCELLED"


@on_sqlite
async def test_who_cancels_while_an_offer_is_carried_out_is_cancelled_after_it(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.leave()
    await leaver.decide("DISCOUNT")
    assert (await leaver.decide("CANCEL"))["pending"]
    for _ in range(2):
        await leaver.settle()
    assert (await leaver.shown())["outcome"] == "CANCELLED"
    assert leaver.stripe["cancel_at_period_end"] is True


@on_sqlite
async def test_what_stripe_refuses_is_said_and_the_run_goes_on(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.leave()
    await leaver.decide("DISCOUNT")
    leaver.double.mishaps.append(Mishap("refuse", on="POST /v1/coupons", times=1))
    done = await leaver.settle()
    assert done["state"] == "FAILED"
    answer = await leaver.decide("DISCOUNT", step=1)
    assert "refused" in answer["message"]
    assert (answer["outcome"], answer["pending"], answer["acceptedOffer"]) == (None, False, None)
    assert answer["nextStep"]["kind"] == "offer"
    assert answer["nextStep"]["offerType"] == "DOWNGRADE"


@on_sqlite
async def test_other_decisions_about_the_same_step_are_refused_with_the_first(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.leave()
    assert (await leaver.decide("SURVEY", reason="too_expensive", step=0))["nextStep"]["number"] == 1
    for asked, accepted, more, code in (
        ("SURVEY", False, {"step": 0}, "ALREADY_DECIDED"),
        ("SURVEY", True, {"step": 0, "reason": "unused"}, "ALREADY_DECIDED"),
        ("PAUSE", True, {}, "NOT_SHOWN"),
        ("DISCOUNT", True, {"step": 7}, "NOT_SHOWN"),
        ("DISCOUNT", True, {"reason": "bored"}, "UNKNOWN_REASON"),
        ("DISCOUNT", True, {"reason": "unused", "followUp": "budget"}, "UNKNOWN_FOLLOW_UP"),
        ("CANCEL", False, {}, "VALIDATION_ERROR"),
    ):
        before = await leaver.shown()
        with pytest.raises(ApiError) as refused:
            await leaver.decide(asked, accepted, **more)
        assert refused.value.code == code
        assert await leaver.shown() == before
    await leaver.decide("DISCOUNT", False)
    with pytest.raises(ApiError) as contrary:
        await leaver.decide("DISCOUNT", True)
    assert contrary.value.status == 409
    assert contrary.value.details["decided"]["accepted"] is False


@on_sqlite
async def test_who_stays_without_an_offer_or_goes_away_is_not_saved(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.start()
    backend.clock.advance(seconds=3_599)
    await backend.drain()
    assert (await leaver.shown())["outcome"] is None
    backend.clock.advance(seconds=1)
    await backend.drain()
    gone = await leaver.shown()
    assert (gone["outcome"], gone["step"], gone["revenueSaved"]) == ("ABANDONED", None, 0)
    with pytest.raises(ApiError) as over:
        await leaver.decide("SURVEY", reason="unused")
    assert over.value.code == "RUN_ENDED"
    first = leaver.run.run_id
    await leaver.start()
    assert leaver.run.run_id != first
    for offer_type in ("SURVEY", "PAUSE", "DOWNGRADE"):
        await leaver.decide(offer_type, False)
    stays = await leaver.decide("CONFIRM", False)
    assert (stays["outcome"], stays["pending"]) == ("ABANDONED", False)
    runs = {one.run_id: one.superseded_by for one in (await leaver.owner.retention.runs()).items}
    assert runs == {first: leaver.run.run_id, leaver.run.run_id: None}  # within 14 days the last one counts


async def test_starting_again_is_the_same_run_also_at_once(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    body = [leaver.start(), leaver.start(leaver.owner), leaver.start()]
    found = await asyncio.gather(*body)
    assert len({one.run_id for one in found}) == 1
    by_stripe = await leaver.start(subscriptionId=leaver.stripe_id)
    assert by_stripe.run_id == found[0].run_id
    assert len((await leaver.owner.retention.runs(open="true")).items) == 1


@on_sqlite
async def test_in_the_holdout_there_is_nothing_but_the_question_and_it_sticks(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    business = await business_of(leaver.owner)
    salt = next(one for one in "abcdefghij" if group_of(business, leaver.customer, one, 0.5) == "HOLDOUT")
    await leaver.set(holdout=[{"fromRuns": 0, "share": 0.5}], holdoutSalt=salt)
    run = await leaver.start()
    assert run.step is not None
    assert (run.flow_id, run.step.kind, len(run.step.reasons)) == (None, "confirm", 8)
    assert (await leaver.shown())["group"] == "HOLDOUT"
    await leaver.decide("CONFIRM", False)
    await leaver.set(holdout=[{"fromRuns": 0, "share": 0}])
    assert (await leaver.start()).flow_id is None  # for 180 days from the draw
    found = await leaver.owner.retention.offers(leaver.sub)
    assert found.offers == []
    assert "group that is offered nothing" in found.why
    await leaver.decide("CONFIRM", False)
    with pytest.raises(ApiError) as refused:
        await leaver.offer("PAUSE")
    assert (refused.value.code, refused.value.details["limit"]) == ("OFFER_REFUSED", "HOLDOUT")
    backend.clock.advance(days=181)
    assert (await leaver.start()).flow_id is not None


async def test_two_cards_alike_get_one_discount(backend: Backend) -> None:
    """Two customers who pay with the same card accept at once: one gets it, the other is told."""
    first = await Leaver(backend).arrive()
    second = await first.another()
    assert second.customer != first.customer
    for one in (first, second):
        await one.mark(payment_fingerprint="same-card")
        await one.leave()
    answers = await asyncio.gather(first.decide("DISCOUNT"), second.decide("DISCOUNT"))
    assert sorted(answer["pending"] for answer in answers) == [False, True]
    (told,) = [answer for answer in answers if not answer["pending"]]
    assert "had a discount 0 days ago" in told["message"]
    assert told["nextStep"]["offerType"] == "DOWNGRADE"


async def test_an_agent_offers_what_the_limits_allow_and_one_thing_to_fall_back_on(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    agent = await backend.member("agent")
    found = await agent.retention.offers(leaver.sub, reason="too_expensive")
    assert [one.offer for one in found.offers] == ["DISCOUNT:20", "DOWNGRADE", "PAUSE:2"]
    assert found.offers[0].why[1:] == ["costs what it gives (+20)", "the price is the reason (+30)"]
    run = await leaver.offer("PAUSE", agent, reason="unused")
    assert run.step is not None
    assert run.step.offer_type == "PAUSE"
    assert (await leaver.offer("PAUSE", agent)).run_id == run.run_id
    with pytest.raises(ApiError) as early:
        await leaver.offer("DOWNGRADE", agent)
    assert early.value.code == "OFFER_OPEN"
    await leaver.decide("PAUSE", False, agent)
    second = await leaver.offer("DOWNGRADE", agent)
    assert second.step is not None
    assert (second.run_id, second.step.offer_type, second.step.number) == (run.run_id, "DOWNGRADE", 1)
    assert (await leaver.decide("DOWNGRADE", True, agent))["pending"]
    await leaver.settle()
    shown = await leaver.shown()
    assert (shown["outcome"], shown["channel"], shown["revenueSaved"], shown["reason"]) == (
        "SAVED",
        "AGENT",
        1_200,
        "unused",
    )
    assert [one["propensity"] for one in shown["ranking"]] == [None, None]
    with pytest.raises(ApiError) as trial:
        await leaver.offer("TRIAL_EXTENSION", agent)
    assert trial.value.code == "NO_SUCH_OFFER"
    other = await leaver.another()
    await other.offer("DISCOUNT", agent)  # deeper than agents may give by themselves, but the flow has it
    assert (await other.decide("DISCOUNT", True, agent))["acceptedOffer"] == "DISCOUNT:20"


@on_sqlite
async def test_whoever_disputes_or_owes_is_offered_nothing_and_can_cancel(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.mark(is_disputed=True)
    answer = await leaver.leave()
    assert answer["nextStep"]["kind"] == "confirm"
    shown = await leaver.shown()
    assert {one["limit"] for one in shown["refused"]} == {"DISPUTED"}
    assert (await leaver.decide("CANCEL"))["pending"]


@on_sqlite
async def test_only_what_is_theirs_can_be_cancelled(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    stranger = await backend.another_owner()
    for client, more in (
        (leaver.app, {"customerId": "nobody"}),
        (leaver.app, {"subscriptionId": "sub_none"}),
        (stranger, {}),
    ):
        with pytest.raises(ApiError) as unknown:
            await leaver.start(client, **more)
        assert unknown.value.status == 404
    await leaver.start()
    with pytest.raises(ApiError) as elsewhere:
        await leaver.decide("SURVEY", False, stranger)
    assert elsewhere.value.status == 404


@on_sqlite
async def test_outcomes_put_a_better_offer_first_and_say_why(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()

    def learned(session: Session) -> None:
        for offer, wins in (("DISCOUNT:20", 4), ("DOWNGRADE", 30)):
            about = {"segment": "too_expensive/month/new", "offer": offer, "updated_at": backend.clock.now()}
            session.add(OfferArm(business_id=business, **about, wins=wins, losses=40 - wins, value=float(wins)))

    business = await business_of(leaver.owner)
    await backend.runtime.database.write(learned)
    answer = await leaver.leave()
    assert answer["nextStep"]["offer"]["offer"] == "DOWNGRADE"
    shown = await leaver.shown()
    assert shown["segment"] == "too_expensive/month/new"
    assert [one["offer"] for one in shown["ranking"]] == ["DOWNGRADE", "DISCOUNT:20", "PAUSE:2"]
    assert "75 % of the list price was still paid" in shown["ranking"][0]["why"][0]
    assert shown["ranking"][0]["propensity"] == 1
    await leaver.set(learning=False)
    assert (await leaver.owner.retention.offers(leaver.sub, reason="too_expensive")).offers[0].offer == "DISCOUNT:20"


@on_sqlite
async def test_another_document_is_tried_on_the_past(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.leave()
    flow = await leaver.owner.flows.show("Leaving")
    same = await leaver.owner.flows.dry_run("Leaving", FlowTrial())
    assert (same.runs, same.changed) == (1, 0)
    deeper = flow.yaml.replace("percent: 20", "percent: 25")
    tried = await leaver.owner.flows.dry_run("Leaving", FlowTrial(yaml=deeper))
    assert [(one.before, one.after, one.count) for one in tried.by_outcome] == [
        ("Leaving: DISCOUNT:20, then DOWNGRADE", "Leaving: DISCOUNT:25, then DOWNGRADE", 1)
    ]
    gone = FlowChange(version=flow.version, status="ARCHIVED")
    await leaver.owner.flows.change("Leaving", gone)
    await leaver.decide("CANCEL")
    await leaver.settle()
    rules = await leaver.owner.rules.dry_run("flow", {"days": 30})
    assert (rules["cases"], rules["changed"]) == (1, 0)


async def test_erasing_a_customer_takes_their_words_and_leaves_the_count(backend: Backend) -> None:
    leaver = await Leaver(backend).arrive()
    await leaver.start()
    await leaver.decide("SURVEY", reason="too_expensive", followUp="budget")
    await leaver.decide("DISCOUNT", False, comment="I am moving to Goa")
    await leaver.owner.customers.erase(leaver.customer)
    shown = await leaver.shown()
    assert "budget" not in str(shown)
    await leaver.decide("DOWNGRADE", False, comment="Goa it is")
    shown = await leaver.shown()
    assert (shown["comment"], shown["reason"]) == (None, "too_expensive")
    backend.clock.advance(hours=2)
    await backend.drain()
    assert (await leaver.shown())["outcome"] == "ABANDONED"
    told = await frames(backend, leaver.owner, 0)
    assert "Goa" not in str(told)
