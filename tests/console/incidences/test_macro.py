"""Macros in the console: the reply is looked at before it goes, and what is not known is not sent."""

from typing import Any

from backend.incidences.macro_schemas import MacroMake
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Floor, until
from tests.console.incidences.test_workspace import composer, messages
from tests.widgets.stage import said, text_of
from widgets.prompt import Choice, Confirm


async def macro(floor: Floor, name: str, **steps: Any) -> None:
    await floor.api.macros.make(MacroMake.model_validate({"name": name, "isShared": True, "steps": steps}))


async def test_a_macro_fills_the_composer_and_does_the_rest_when_it_is_sent(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    await macro(floor, "Late", reply="Dear {customer.name}, about {order.id}: sorry.", add=["late"], priority=1)
    await macro(floor, "Quiet", note="Looked at {ref}", add=["seen"])
    async with floor.console() as (app, pilot):
        await until(lambda: len(app.store.incidences) == 1)
        await pilot.press("m")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.pause()
        assert "Late" in text_of(app)
        assert "Quiet" in text_of(app)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and app.screen.case is not None)
        await until(lambda: composer(app).text == "Dear Priya, about {order.id}: sorry.")
        await until(lambda: "sending also: label #late, priority 1" in text_of(app))
        assert await messages(floor, row) == [], "nothing goes by itself"
        assert (await floor.now(row))["labels"] == []
        await pilot.press("alt+enter")
        await until(lambda: any("Nothing is known for {order.id}" in text for text in said(app)))
        assert await messages(floor, row) == []
        composer(app).load_text("Dear Priya, sorry.")
        await pilot.press("alt+enter")
        await until(lambda: composer(app).text == "")
        now = await floor.now(row)
        assert (await messages(floor, row), now["labels"], now["priority"]) == (["Dear Priya, sorry."], ["late"], 1)
        await pilot.press("colon", *"macro qui", "enter")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.pause()
        assert f"Looked at {row['ref']}" in text_of(app)
        await pilot.press("y")
        await until(lambda: app.store.incidences[row["incidenceId"]]["labels"] == ["late", "seen"])


async def test_who_leaves_the_case_and_comes_back_still_sends_the_rest_of_the_macro(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    await macro(floor, "Late", reply="Dear {customer.name}, sorry.", add=["late"])
    async with floor.console() as (app, pilot):
        await until(lambda: len(app.store.incidences) == 1)
        await pilot.press("m")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and app.screen.case is not None)
        await until(lambda: composer(app).text == "Dear Priya, sorry.")
        await pilot.press("escape", "escape")
        await until(lambda: not isinstance(app.screen, IncidenceScreen))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and app.screen.case is not None)
        await until(lambda: composer(app).text == "Dear Priya, sorry.")
        await until(lambda: "sending also: label #late" in text_of(app))
        await pilot.press("r", "alt+enter")
        await until(lambda: composer(app).text == "")
        assert (await messages(floor, row), (await floor.now(row))["labels"]) == (["Dear Priya, sorry."], ["late"])
