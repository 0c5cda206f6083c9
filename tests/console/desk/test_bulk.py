"""All that match: counted by the server, done to all, told case by case, taken back with one key."""

from backend.incidences.schemas import IncidenceChange, NoteAdd
from tests.console.desk.floor import Floor, until
from tests.widgets.stage import said, screen_lines
from widgets.prompt import Choice, Confirm


async def test_all_that_match_are_done_and_taken_back(floor: Floor) -> None:
    rows = [await floor.incidence(f"CUST-{n}", f"Guest {n}") for n in range(4)]
    small = await floor.incidence("CUST-9", "Small", order_value=6_000)
    await floor.ben.incidences.take(rows[3]["incidenceId"])
    async with floor.console() as (app, pilot):

        def shown() -> str:
            return "\n".join(screen_lines(app))

        await pilot.press("slash", *"value>40000", "enter", "asterisk", "asterisk")
        await until(lambda: any("All that match are chosen" in text for text in said(app)))
        await until(lambda: "all that match are chosen" in shown())
        # A case that this console does not have yet is one of them too.
        app.store.pause()
        late = await floor.incidence("CUST-7", "Late")
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.pause()
        assert "Take all 5?" in shown()
        assert "1 left alone: Ben Carter has it" in shown()
        await pilot.press("enter")
        await pilot.pause()
        assert (await floor.now(late))["agentId"] is None, "enter is No"
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        app.store.resume()
        await until(lambda: isinstance(app.screen, Confirm) and "not all" in app.screen._title)
        await pilot.press("n")
        agents = [(await floor.now(row))["agentName"] for row in (*rows, late, small)]
        assert agents == ["Asha Iyer"] * 3 + ["Ben Carter", "Asha Iyer", None]
        await floor.ben.agent.note(rows[0]["incidenceId"], NoteAdd(text="careful"))
        await pilot.press("z")
        await until(lambda: any("3 are as they were; 1 were changed since and stay" in text for text in said(app)))
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.pause()
        assert "Ben Carter changed it since" in shown()
        await pilot.press("escape")
        agents = [(await floor.now(row))["agentName"] for row in (*rows, late)]
        assert agents == ["Asha Iyer", None, None, "Ben Carter", None]
        await pilot.press("B")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.pause()
        assert "Asha Iyer: take" in shown()
        assert "3 taken back, 1 kept" in shown()


async def test_the_count_must_be_the_one_that_was_asked_about(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya")
    other = await floor.incidence("CUST-2", "Arjun")
    async with floor.console() as (app, pilot):
        await pilot.press("asterisk", "asterisk", "exclamation_mark", "enter")
        await until(lambda: isinstance(app.screen, Confirm))
        await floor.ben.incidences.change(other["incidenceId"], IncidenceChange(version=1, outcome="DROPPED"))
        await pilot.press("y")
        await until(lambda: any("There were 2 when you looked, there are 1 now" in text for text in said(app)))
    assert (await floor.api.bulks.list()).items == []
