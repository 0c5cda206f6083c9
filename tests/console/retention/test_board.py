"""The board moves live; a flow is edited, activated and met; what may not be is refused in words."""

from typing import Any

from textual.widgets import TextArea

from console.incidences.workspace import IncidenceScreen
from console.retention.flow import FlowScreen
from console.retention.flow_trial import FlowTrialScreen
from console.retention.flow_versions import FlowVersionsScreen
from console.retention.flow_yaml import FlowYamlScreen
from console.rules.reason_prompt import ReasonPrompt
from tests.console.desk.floor import until
from tests.console.retention.world import Leaving
from tests.widgets.stage import text_of


async def on_board(app: Any, pilot: Any) -> None:
    """Go there, and wait for what it holds."""
    await pilot.press("g", "o")
    await until(lambda: app.current_mode == "retention" and app.screen.runs.is_loaded and app.screen.flows.is_loaded)
    await pilot.pause()


async def test_the_board_moves_live_and_jumps_to_the_case(leaving: Leaving) -> None:
    floor = leaving.floor
    async with floor.console(size=(160, 45)) as (app, pilot):
        await on_board(app, pilot)
        assert "Nobody is about to cancel" in text_of(app)
        run = await leaving.start("CUST-0")
        await until(lambda: "Priya Raman" in text_of(app) and "is asked why" in text_of(app))
        assert "Live 1" in text_of(app)
        await leaving.decide(run, "SURVEY", reason="too_expensive", comment="A \x1b]52;c;aGk=\x07lot")
        await until(lambda: "sees 20 % off for 3 months" in text_of(app))
        await until(lambda: "Offers, the best first" in text_of(app) and "yes to why they leave" in text_of(app))
        shown = text_of(app)
        assert "It costs too much" in shown
        assert "\x1b" not in shown
        await leaving.decide(run, "DISCOUNT", step=1)
        await until(lambda: "being carried out at Stripe" in text_of(app))
        await leaving.settle()
        app.screen.table.hold = 0
        await until(lambda: "Live 0" in text_of(app) and "Nobody is about to cancel" in text_of(app))
        await pilot.press("2")
        await until(lambda: "saved: 20 % off for 3 months" in text_of(app))
        await pilot.press("slash", *"arjun")
        await until(lambda: "Nothing matches" in text_of(app))
        await pilot.press("escape")
        await until(lambda: "saved: 20 % off" in text_of(app))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen))
        assert app.screen.incidence_id == leaving.cases["CUST-0"]["incidenceId"]
        assert app.troubles == []


async def test_an_admin_edits_and_activates_a_flow_and_the_next_run_meets_it(leaving: Leaving) -> None:
    floor = leaving.floor
    before = await leaving.start("CUST-0")
    assert (await leaving.decide(before, "SURVEY", reason="too_expensive")).next_step.offer.offer == "DISCOUNT:20"
    async with floor.console() as (app, pilot):
        await on_board(app, pilot)
        await pilot.press("3")
        await until(lambda: app.screen.flow() is not None)
        app.screen.table.move_to(before.flow_id)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, FlowScreen) and app.screen.flow is not None)
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, FlowYamlScreen))
        area = app.screen.query_one(TextArea)
        text = area.text
        area.load_text(text.replace("percent: 20", "percent: 200"))
        await until(lambda: "percent" in text_of(app).rpartition("✗")[2] and "line " in text_of(app))
        await pilot.press("ctrl+j")
        await pilot.pause()
        assert isinstance(app.screen, FlowYamlScreen), "what is wrong is not kept"
        area.load_text(text.replace("percent: 20", "percent: 15"))
        await until(lambda: "It can be kept" in text_of(app))
        await pilot.press("f8")
        await until(lambda: isinstance(app.screen, FlowTrialScreen) and "1 would have gone" in text_of(app))
        await pilot.press("q")
        await pilot.press("ctrl+j")
        await until(lambda: isinstance(app.screen, ReasonPrompt) and "+" in text_of(app))
        await pilot.press(*"cheaper", "enter")
        await until(lambda: isinstance(app.screen, FlowScreen) and app.screen.flow["number"] == 2)
        await until(lambda: "2 is newer" in text_of(app))
        await pilot.press("A")
        await until(lambda: isinstance(app.screen, ReasonPrompt) and "15 % off" in text_of(app))
        await pilot.press(*"tried", "enter")
        await until(lambda: isinstance(app.screen, FlowScreen) and "customers meet document 2" in text_of(app))
        await pilot.press("V")
        await until(
            lambda: isinstance(app.screen, FlowVersionsScreen) and "+" in text_of(app).rpartition("offer 20")[2]
        )
        await until(lambda: "Asha Iyer: cheaper" in text_of(app))
        assert app.troubles == []
    run = await leaving.start("CUST-1")
    assert (await leaving.decide(run, "SURVEY", reason="too_expensive")).next_step.offer.offer == "DISCOUNT:15"


async def test_an_agent_reads_flows_and_is_told_why_not_more(leaving: Leaving) -> None:
    floor = leaving.floor
    async with floor.console(email="ben@feast.co") as (app, pilot):
        await on_board(app, pilot)
        await pilot.press("3", "enter")
        await until(lambda: isinstance(app.screen, FlowScreen) and app.screen.flow is not None)
        await until(lambda: "reading only" in text_of(app))
        await pilot.press("D", "e")
        await until(lambda: isinstance(app.screen, FlowYamlScreen))
        assert "needs the role admin; yours is agent" in "\n".join(note.message for note in app._notifications)
        await pilot.press(*"broken")
        assert app.screen.is_changed is False
        assert app.troubles == []
