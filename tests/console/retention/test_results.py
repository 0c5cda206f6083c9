"""Results say what is known and what is not, and lead to the runs behind them; subscriptions are found, ordered, fresh."""

from typing import Any

from console.incidences.workspace import IncidenceScreen
from console.retention.behind import BehindScreen
from tests.console.desk.floor import Floor, still, until
from tests.console.retention.test_board import on_board
from tests.console.retention.world import Leaving, past
from tests.widgets.stage import text_of


async def on_results(app: Any, pilot: Any) -> None:
    """The numbers, once they are counted."""
    await on_board(app, pilot)
    await pilot.press("4")
    await until(lambda: app.screen.results.answers is not None)
    await still(app, pilot)


async def test_numbers_say_how_sure_they_are_and_lead_to_their_runs(floor: Floor) -> None:
    await past(floor)
    async with floor.console(size=(160, 60)) as (app, pilot):
        await on_results(app, pilot)
        shown = " ".join(text_of(app).split())
        assert "Gross saved (not incremental)" in shown
        assert "NOT incremental. What saved customers paid in the 90 days after" in shown, "defined beside it"
        assert "not enough data (have" in shown
        assert "NOT incremental, by the week" in shown, "the plot says so too"
        numbers = app.screen.results.numbers
        assert {f"horizon:{days}:incremental" for days in (30, 90, 180)} <= {line.key for line in numbers._shown}
        saved = app.screen.results.answers["summary"]["figures"]
        count = next(figure["value"] for figure in saved if figure["name"] == "saved")
        numbers.move_to("figure:saved")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, BehindScreen) and len(app.screen.table.model) > 0)
        assert len(app.screen.table.model) == count
        await pilot.press("q")
        await pilot.press("w")
        await pilot.pause()
        await pilot.press(*"30", "enter")
        await until(lambda: app.screen.results.answers["summary"]["horizon"] == 30)
        assert app.troubles == []


async def test_without_a_holdout_no_causal_number_is_told(leaving: Leaving) -> None:
    await leaving.decide(await leaving.start("CUST-0"), "CANCEL", reason="other")
    async with leaving.floor.console(size=(160, 60)) as (app, pilot):
        await on_results(app, pilot)
        assert "no causal estimate: nobody is in the holdout" in " ".join(text_of(app).split())


async def test_subscriptions_are_ordered_narrowed_and_fresh(leaving: Leaving) -> None:
    floor = leaving.floor
    async with floor.console(size=(160, 45)) as (app, pilot):
        await on_board(app, pilot)
        await pilot.press("5")
        await until(lambda: app.screen.paying.is_loaded and "Small Thali" in text_of(app))
        rows = [line for line in text_of(app).splitlines() if "Thali" in line]
        assert "Small Thali" in rows[-1], "what brings most stands first"
        assert "Stripe test connected" in text_of(app)
        assert "renews" in text_of(app)
        await pilot.press("S", *"least", "enter")
        await until(lambda: app.screen.paying.sort == "mrr" and _first(app).plan.name == "Small Thali")
        await pilot.press("slash", *"Priya", "enter")
        await until(lambda: len(app.screen.table.model) == 1)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen))
        assert app.screen.incidence_id == leaving.cases["CUST-0"]["incidenceId"]
        await pilot.press("escape")
        await until(lambda: app.screen.family == "retention")
        await pilot.press("Y")
        await until(lambda: any("is being read" in note.message for note in app._notifications))
        assert app.troubles == []


def _first(app: Any) -> Any:
    table = app.screen.table
    return table.row(table.model.shown[0]) if table.model.shown else None
