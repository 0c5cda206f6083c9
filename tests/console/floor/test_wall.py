"""The wall and the desk's part in it: live without a hand, who may look, saying one is away, capacity, one case more."""

from typing import Any

from textual.pilot import Pilot

from backend.identity.schemas import AvailabilitySay
from console.actions import BY_ID
from console.connection import Target
from console.floor.wall import FloorScreen
from tests.console.desk.floor import EMAIL, PASSWORD, Console, Floor, until
from tests.console.floor.world import Crowd, world
from tests.widgets.stage import said, text_of
from widgets.prompt import Choice, Confirm


async def on_wall(app: Console, pilot: Pilot[Any]) -> FloorScreen:
    await pilot.press("g", "w")
    await until(lambda: isinstance(app.screen, FloorScreen) and app.screen.floor is not None)
    await pilot.pause()
    assert isinstance(app.screen, FloorScreen)
    return app.screen


async def test_the_wall_goes_on_by_itself(floor: Floor, crowd: Crowd) -> None:
    await world(floor, crowd)
    async with floor.console() as (app, pilot):
        wall = await on_wall(app, pilot)
        await until(lambda: "2 wait for an owner, the longest for 8m" in text_of(app))
        seen = text_of(app)
        assert "◐ away (lunch) until 16:00" in seen
        assert "███" in seen
        assert "0 late · 6 running" in seen
        await crowd.clients["Devi"].agent.say_availability(AvailabilitySay(availability="ONLINE"))
        await until(lambda: "3 of 5 online" in text_of(app))
        floor.clock.advance(minutes=7, seconds=5)
        await until(lambda: "0:05 late !" in text_of(app))
        assert "1 late · 6 running" in text_of(app)
        assert app.troubles == []
        # The server is gone: what was read stays, and says of when it is.
        await floor.close()
        await until(lambda: app.feed.kind == "offline")
        await until(lambda: "offline · as of 14:53" in text_of(app))
        assert "Devi Menon" in text_of(app)
        assert wall.floor is not None
        await floor.open()


async def test_capacity_by_command(floor: Floor, crowd: Crowd) -> None:
    await world(floor, crowd)
    async with floor.console() as (app, pilot):
        wall = await on_wall(app, pilot)
        for typed, says in (
            ("ben", "Say who, and how many."),
            ("nobody 3", "is nobody, or several people"),
            ("ben many", "Say who, and how many."),
            ("ben 3", "Ben Carter can have 3 cases at a time."),
        ):
            await wall.perform(BY_ID["capacity"], typed)
            await until(lambda says=says: any(says in note for note in said(app)))  # type: ignore[misc]
        await until(lambda: "3/3 full" in text_of(app))
        await wall.perform(BY_ID["capacity"], "ben role")
        await until(lambda: "3/12" in text_of(app))


async def test_saying_that_one_is_away(floor: Floor, crowd: Crowd) -> None:
    async with floor.console() as (app, pilot):
        await floor.backend.runtime.attendance.beat()
        await until(lambda: "● available" in text_of(app))
        await pilot.press("H")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press(*"lunch", "enter")
        await until(lambda: "◐ away (lunch)" in text_of(app))
        await pilot.press("colon", *"availability meeting back 30m", "enter")
        await until(lambda: "away (meeting) until 15:00" in text_of(app))
        await pilot.press("colon", *"availability away back someday", "enter")
        await until(lambda: any("is no time" in note for note in said(app)))
        await pilot.press("colon", *"availability online", "enter")
        await until(lambda: "● available" in text_of(app))
        assert app.troubles == []


async def test_one_more_than_one_can_have_is_asked_for(floor: Floor, crowd: Crowd) -> None:
    await floor.incidence("CUST-1", "Priya Raman")
    await floor.api.agent.set_capacity(floor.me.member_id, 0)
    async with floor.console() as (app, pilot):
        await pilot.press("N")
        await until(lambda: isinstance(app.screen, Confirm))
        await until(lambda: "0 of 0 open cases" in text_of(app))
        await pilot.press("n")
        await pilot.pause()
        assert (await floor.api.incidences.show("INC-1")).agent_id is None
        await pilot.press("N")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(lambda: any("you are at 1 of 0" in note for note in said(app)))
        assert "INC-1 is yours: priority 2 · you are at 1 of 0" in said(app)
        assert (await floor.api.incidences.show("INC-1")).agent_id == floor.me.member_id


async def test_who_gets_it_with_loads_beside(floor: Floor, crowd: Crowd) -> None:
    rows = await world(floor, crowd)
    async with floor.console() as (app, pilot):
        await pilot.press("colon", *f"open {rows[6]['ref']}", "enter")
        await until(lambda: getattr(app.screen, "case", None) is not None)
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, Choice))
        await until(lambda: "to who is full, it is past capacity" in text_of(app))
        assert "2/2 full" in text_of(app)
        assert f"Assign {rows[6]['ref']}, {rows[6]['customer']['name']}" in text_of(app)
        await pilot.press(*"devi", "enter")
        await until(lambda: any("Devi Menon" in note for note in said(app)))
        entry = (await floor.api.incidences.timeline(rows[6]["incidenceId"])).items[-1]
        assert entry.data is not None
        assert entry.data["overCapacity"] == {"load": 3, "capacity": 2}


async def test_a_wall_begins_at_the_floor(floor: Floor) -> None:
    app = Console(Target(floor.url, email=EMAIL, password=PASSWORD, wall=True))
    app.frozen = floor.clock
    async with app.run_test(size=(200, 60)):
        await until(lambda: isinstance(app.screen, FloorScreen) and app.screen.floor is not None)
        await until(lambda: "Nobody waits for an owner" in text_of(app))
        assert app.troubles == []
