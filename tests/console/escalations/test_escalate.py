"""The key that hands a case up: from the queue, on marked rows, in the workspace; and why it cannot be."""

from typing import Any

from textual.pilot import Pilot

from console.actions import BY_ID
from console.incidences.asks import AskReason
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Console, Floor, until
from tests.widgets.stage import said, text_of
from widgets.prompt import Confirm


def why_not(app: Console) -> str:
    return app.screen.refusal(BY_ID["escalate"])  # type: ignore[attr-defined,no-any-return]


async def hand_up(pilot: Pilot[Any], app: Console, *keys: str) -> None:
    """e, then what it asks."""
    await pilot.press("e")
    await until(lambda: isinstance(app.screen, AskReason))
    await pilot.press(*keys)


async def test_from_the_queue_with_a_note_and_why_not_higher(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await hand_up(pilot, app, "down", "down", "down")
        await until(lambda: "when reason is emotional" in text_of(app))  # the rule that it leads to
        await pilot.press(*"she cried", "enter")
        await until(lambda: any("INC-1 is handed up" in text for text in said(app)))
        now = await floor.now(row)
        assert (now["escalationLevel"], now["escalation"]["note"]) == ("SENIOR_AGENT", "she cried")
        await until(lambda: app.store.incidences[row["incidenceId"]]["escalationLevel"] == "SENIOR_AGENT")
        assert why_not(app) == "", "there is a level above"
        await pilot.press("colon", *"escalate policy-exception wants it free", "enter")
        await until(lambda: app.store.incidences[row["incidenceId"]]["escalationLevel"] == "SUPERVISOR")
        assert (await floor.now(row))["escalation"]["note"] == "wants it free"
        assert "INC-1 is with supervisor, the top of the ladder" in why_not(app)
        await pilot.press("e")
        await until(lambda: any("the top of the ladder" in text for text in said(app)))
        assert not isinstance(app.screen, AskReason)


async def test_on_marked_rows_each_by_itself(floor: Floor) -> None:
    rows = [await floor.incidence(f"CUST-{n}", f"Guest {n}", order_value=value) for n, value in ((1, 60_000), (2, 500))]
    async with floor.console() as (app, pilot):
        await pilot.press("asterisk")
        await hand_up(pilot, app, "enter")  # high value
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(lambda: isinstance(app.screen, Confirm) and "not all" in app.screen._title)
        await pilot.pause()
        assert "No escalation rule covers HIGH_VALUE for INC-2" in text_of(app)
        assert [(await floor.now(row))["escalationLevel"] for row in rows] == ["SENIOR_AGENT", None]


async def test_the_head_tells_the_level_and_who_has_it_and_the_story_what_was_said(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await pilot.press("colon", *f"open {row['ref']}", "enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and app.screen.case is not None)
        await hand_up(pilot, app, "down", *"no tax on the bill", "enter")  # system bug
        await until(lambda: "▲ tech team, climbs in 15m" in text_of(app))
        assert "handed it up to tech team: system bug reported · “no tax on the bill”" in text_of(app)
        floor.clock.advance(minutes=11)
        await until(lambda: "climbs in 4m" in text_of(app))
        id = (await floor.now(row))["escalationId"]
        await floor.api.escalations.acknowledge(id, "I look")
        await until(lambda: "▲ tech team, Asha Iyer has it" in text_of(app))
        await until(lambda: "took it on at tech team, so it climbs no further · “I look”" in text_of(app))
        await floor.api.escalations.hand_back(id, "a typo")
        await until(lambda: "handed it back from tech team · “a typo”" in text_of(app))
        assert "▲" not in text_of(app)


async def test_dimmed_when_offline_or_closed(floor: Floor) -> None:
    from backend.incidences.schemas import IncidenceChange

    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await floor.api.incidences.change(row["incidenceId"], IncidenceChange(version=1, outcome="DROPPED"))
        await until(lambda: app.store.incidences[row["incidenceId"]]["status"] == "CLOSED")
        await pilot.press("9")
        await until(lambda: "closed; reopen it first" in why_not(app))
        await floor.close()
        await until(lambda: not app.is_online)
        assert "Offline" in why_not(app)
        await floor.open()
