"""Whatever strangers write, both screens write letters: markup, escapes, OSC 52 and bidi reach the terminal as text."""

from typing import Any

import pytest
from textual.pilot import Pilot

from backend.agent.schemas import Dashboard
from console.desk.filter_line import FilterLine
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Console, Floor, until
from tests.console.desk.hostile import dashboard_of, frame_of, row_of
from tests.widgets.capture import PAYLOADS, CaptureDriver, foreign, written_by

MARKUP = "[/broken] [bold]x[/] [@click=app.quit]y[/]"
TEXTS = [MARKUP, *("".join(PAYLOADS[start : start + 4]) for start in range(0, len(PAYLOADS), 4)), "".join(PAYLOADS)]


async def paint(app: Console, pilot: Pilot[Any]) -> None:
    """Let everything be drawn, also what waits for the next flush."""
    app.refresh()
    await pilot.pause(0.3)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=str)
async def test_both_screens_write_letters_only(floor: Floor, size: tuple[int, int]) -> None:
    row = await floor.incidence("CUST-1", "Priya", user_inputs={"guests": 1})
    case = await floor.api.agent.dashboard(row["incidenceId"])
    async with floor.console(size=size, driver=CaptureDriver) as (app, pilot):
        hostile = case

        async def answer(_: str) -> Dashboard:
            return hostile

        app.api.agent.dashboard = answer  # type: ignore[method-assign]
        for version, text in enumerate(TEXTS, 10):
            hostile = dashboard_of(case, text)
            bad = row_of(row, text, version)
            app.store.upsert("incidence", row["incidenceId"], bad)
            app.screen.query_one(FilterLine).put(text)
            app.screen.query_one(FilterLine).show(text, is_wrong=True)
            await paint(app, pilot)
        await pilot.press("escape", "enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and app.screen.case is not None)
        screen = app.screen
        assert isinstance(screen, IncidenceScreen)
        for version, text in enumerate(TEXTS, 100):
            hostile = dashboard_of(case, text)
            bad = row_of(row, text, version)
            app.store.upsert("incidence", row["incidenceId"], bad)
            for place, kind in enumerate(
                ("message_received", "message_sent", "note_added", "changed", "closed", "opened")
            ):
                screen.story.add(frame_of(bad, text, version * 100 + place, f"incidence.{kind}"))
            app.store.see(
                {"incidenceId": row["incidenceId"], "members": [{"id": "x", "name": text, "doing": "typing"}]}
            )
            screen._show_panels(hostile)
            screen.writing.dress()
            if screen.has_class("-narrow"):
                await pilot.press("2" if version % 2 else "h")
            app.say(text)
            await paint(app, pilot)
        await pilot.press("b")
        await paint(app, pilot)
        await pilot.press("escape", "x")
        await paint(app, pilot)
        assert app.is_running
        assert not app.troubles, app.troubles
        assert len(written_by(app)) > 10_000
        assert not foreign(written_by(app))


async def test_a_clash_with_hostile_changes_writes_letters_only(floor: Floor) -> None:
    from backend.incidences.schemas import IncidenceChange

    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console(driver=CaptureDriver) as (app, pilot):
        await pilot.press("P")
        change = IncidenceChange(version=1, summary="[/broken] \u202e [bold]")
        await floor.ben.incidences.change(row["incidenceId"], change)
        await pilot.press("x", "enter")
        await until(lambda: len(app.screen_stack) > 1 and app.screen.is_modal)
        await paint(app, pilot)
        assert not foreign(written_by(app))
