"""A subscription from the workspace, by keys alone: seen, changed with the exact amounts first, and read back."""

import asyncio
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from backend.demo.outside.stripe import Mishap
from console.billing.offers_screen import OffersScreen
from console.incidences.asks import Ask
from console.incidences.workspace import IncidenceScreen
from tests.console.billing.conftest import Paying
from tests.console.desk.floor import Console, until
from tests.console.incidences.test_workspace import opened
from tests.support.backend import Backend
from tests.widgets.stage import said, text_of
from widgets.prompt import Choice, Confirm

BEN = "ben@feast.co"


async def carried_out(backend: Backend, is_so: Callable[[], Any]) -> None:
    """What was asked for is done by the jobs, and the screen says so."""
    async with asyncio.timeout(20):
        while not is_so():
            await backend.drain()
            await asyncio.sleep(0.1)


async def begun(app: Console, pilot: Pilot[Any], paying: Paying, *keys: str) -> None:
    """The case is open, and the menu of changes was answered with keys."""
    await opened(app, pilot, paying.row)
    await until(lambda: "Family Thali" in text_of(app))
    await pilot.press("$")
    await until(lambda: isinstance(app.screen, Choice))
    await pilot.press(*keys, "enter")


async def test_an_agent_pauses_a_subscription_with_the_keyboard_alone(paying: Paying) -> None:
    async with paying.floor.console(email=BEN) as (app, pilot):
        await begun(app, pilot, paying, *"pause")
        await until(lambda: isinstance(app.screen, Ask))
        await pilot.press("down", "enter")  # two months
        await until(lambda: isinstance(app.screen, Confirm) and "Priya Raman" in text_of(app))
        shown = text_of(app)
        assert paying.sub["id"] in shown
        assert "₹2,900" in shown
        assert paying.at_stripe["pause_collection"] is None
        await pilot.press("enter")  # No is the answer of enter
        await pilot.pause()
        assert paying.at_stripe["pause_collection"] is None

        await pilot.press("$")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press(*"pause", "enter")
        await until(lambda: isinstance(app.screen, Ask))
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await carried_out(paying.floor.backend, lambda: "billing paused" in text_of(app))
        await until(lambda: "✓ pause billing until" in text_of(app))
    assert paying.at_stripe["pause_collection"]["behavior"] == "void"
    assert len(paying.stripe.changes("POST /v1/subscriptions/")) == 1


async def test_what_makes_no_sense_is_dimmed_and_says_why(paying: Paying) -> None:
    async with paying.floor.console(email=BEN) as (app, pilot):
        await begun(app, pilot, paying, *"resume")
        assert "⊘ it is not paused" in text_of(app)
        assert isinstance(app.screen, Choice)
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, IncidenceScreen))
        await app.screen.action_perform("subscription", "keep")
        await until(lambda: any("nothing is to happen to it" in text for text in said(app)))
    assert paying.stripe.changes("POST /v1/subscriptions/") == []


async def test_a_downgrade_now_sends_what_was_previewed(paying: Paying) -> None:
    async with paying.floor.console(email=BEN) as (app, pilot):
        await begun(app, pilot, paying, *"cheaper")
        await until(lambda: isinstance(app.screen, Ask))
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, Confirm))
        await until(lambda: "Credit" in text_of(app))
        await pilot.press("y")
        await carried_out(paying.floor.backend, lambda: "✓ move to Small Thali now" in text_of(app))
    assert paying.at_stripe["items"]["data"][0]["price"]["unit_amount"] == 120_000


async def test_a_change_that_somebody_else_made_first_is_shown_before_it_is_made_again(paying: Paying) -> None:
    one = (await paying.floor.api.subscriptions.list()).items[0]
    async with paying.floor.console(email=BEN) as (app, pilot):
        await begun(app, pilot, paying, *"discount")
        await until(lambda: isinstance(app.screen, Ask))
        await pilot.press("down", *"10", "enter")
        await until(lambda: isinstance(app.screen, Confirm))
        from backend.billing.change_schemas import CancelAsk

        await paying.floor.api.subscriptions.cancel(one.id, CancelAsk(version=one.version))
        await paying.floor.backend.drain()
        await pilot.press("y")
        await until(lambda: "Somebody was faster" in text_of(app))
        assert "cancel" in text_of(app)
        await pilot.press("n")
    assert paying.at_stripe["discounts"] == []


async def test_an_offer_is_ranked_with_why_accepted_and_read_back(paying: Paying) -> None:
    async with paying.floor.console(email=BEN) as (app, pilot):
        await opened(app, pilot, paying.row)
        await until(lambda: "Family Thali" in text_of(app))
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, OffersScreen))
        await until(lambda: "in 90 days" in text_of(app))
        shown = text_of(app)
        first = (await paying.floor.api.retention.offers(paying.sub["id"])).offers[0]
        assert first.words in shown
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Confirm))
        await until(lambda: "Priya Raman" in text_of(app))
        await pilot.press("y")
        await carried_out(
            paying.floor.backend, lambda: any("Done, and read back from Stripe" in text for text in said(app))
        )
    (run,) = (await paying.floor.api.retention.runs()).items
    assert (run.channel, run.outcome, run.accepted_offer) == ("AGENT", "SAVED", first.offer)
    assert run.incidence_id == paying.row["incidenceId"]
    assert len(paying.stripe.changes("POST /v1/subscriptions/")) == 1


async def test_an_offer_that_the_customer_declines_is_noted_and_changes_nothing(paying: Paying) -> None:
    async with paying.floor.console(email=BEN) as (app, pilot):
        await opened(app, pilot, paying.row)
        await until(lambda: "Family Thali" in text_of(app))
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, OffersScreen))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("down", "enter")
        await until(lambda: any("It is noted" in text for text in said(app)))
    (run,) = (await paying.floor.api.retention.runs()).items
    log = (await paying.floor.api.retention.show(run.run_id)).log
    assert "DECLINED" in [entry.kind for entry in log]
    assert paying.stripe.changes("POST /v1/subscriptions/") == []


async def test_nothing_is_asked_of_one_customer_while_another_is_shown(paying: Paying) -> None:
    other = await paying.floor.incidence("CUST-2", "Meera Dutta")
    async with paying.floor.console(email=BEN) as (app, pilot):
        await begun(app, pilot, paying, *"pause")
        await until(lambda: isinstance(app.screen, Ask))
        paying.stripe.mishaps.append(Mishap("delay", on="POST /v1/invoices/create_preview", seconds=0.3))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen))
        app.screen.show_case(other["incidenceId"])
        await until(lambda: not paying.stripe.mishaps)
        await until(lambda: app.screen.paid.held is not None)
        await until(lambda: not any(worker.name.startswith("preview") for worker in app.workers))
        await pilot.pause()
        assert isinstance(app.screen, IncidenceScreen)
