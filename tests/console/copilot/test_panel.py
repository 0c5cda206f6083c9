"""The copilot beside other screens, by keys only: it follows the hand, streams, never takes a letter that is not its own."""

from typing import Any

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension
from textual.pilot import Pilot

from console.copilot.exchange import Exchange
from console.copilot.panel import CopilotPanel
from console.copilot.screen import CopilotScreen
from console.frame.screen import FrameScreen
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Console, Floor, still, until
from tests.console.desk.test_looks import look
from tests.console.place import burst
from tests.widgets.stage import said, text_of


def panel_of(app: Console) -> CopilotPanel | None:
    assert isinstance(app.screen, FrameScreen)
    return app.screen.copilot


async def ask(app: Console, pilot: Pilot[Any], question: str) -> None:
    """Where one types already."""
    burst(app, question, "enter")
    assert app.session is not None
    talk = app.session.talk
    await until(lambda: talk.turns and talk.turns[-1].question == question and not talk.is_asking)
    await pilot.pause()


async def test_the_panel_follows_the_hand_and_gives_it_back(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Meera Nair")
    other = await floor.incidence("CUST-2", "Ravi Kulkarni", summary="Where is my order")
    async with floor.console(size=(140, 40)) as (app, pilot):
        table = app.focused
        await pilot.press("ctrl+t")
        await until(lambda: panel_of(app) is not None and "no model" in text_of(app))
        first = app.screen.selected()["ref"]
        assert f"about {first}" in text_of(app)
        await ask(app, pilot, "sum this up")
        assert first in app.session.talk.turns[0].text
        await pilot.press("escape")
        assert app.focused is table
        await pilot.press("j")
        second = app.screen.selected()["ref"]
        assert {first, second} == {row["ref"], other["ref"]}
        await until(lambda: f"about {second}" in text_of(app))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and panel_of(app) is not None)
        assert sum(screen.copilot is not None for screen in app.frames()) == 1, "it came along"
        workspace = app.screen
        await pilot.press("r", *"Dear")
        assert workspace.composer.text == "Dear"
        burst(app, "", "ctrl+t", *"sum this up", "enter")
        await until(lambda: len(app.session.talk.turns) == 2)
        burst(app, "", "escape", *" Sir")
        await until(lambda: not app.session.talk.is_asking and workspace.composer.text.endswith("r"))
        assert workspace.composer.text == "Dear Sir", "what streams in takes no letter"
        await pilot.press("ctrl+t")
        await ask(app, pilot, "draft a reply")
        await pilot.press("h", "m")
        await pilot.press("ctrl+o")
        await until(lambda: any("You send it, from there" in one for one in said(app)))
        assert workspace.composer.text.startswith("Dear Sir\n\nHello")
        assert app.session.talk.typed == "hm"
        await pilot.press("escape")
        assert app.focused is workspace.composer
        await pilot.press("ctrl+t", "ctrl+t")
        assert panel_of(app) is None
        assert app.focused is workspace.composer
        await pilot.press("escape", "g", "t")
        await until(lambda: isinstance(app.screen, CopilotScreen))
        assert len(app.screen.query(Exchange)) == 3
        assert app.screen.query_one("#copilot-ask").value == "hm", "the same conversation, the same question begun"
        assert (await floor.now(row))["lastMessageSeq"] == row["lastMessageSeq"]
        assert len((await floor.api.copilot.conversations()).items) == 1
        assert app.troubles == []


async def test_this_is_what_is_under_the_cursor(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Meera Nair")
    who, playbooks = (
        row["customer"]["id"],
        {one.name: one.playbook_id for one in (await floor.api.playbooks.list()).items},
    )
    async with floor.console(size=(140, 40)) as (app, pilot):
        await pilot.press("ctrl+t", "escape")
        await until(lambda: f"about {row['ref']}, Meera Nair" in text_of(app))
        for letter, words in (("c", "Meera Nair"), ("p", "High risk, high value"), ("r", "the rules of friction")):
            await pilot.press("g", letter)
            await until(lambda words=words: f"about {words}" in text_of(app))  # type: ignore[misc]
            assert isinstance(app.screen, FrameScreen)
            asked = app.screen.topic().asked()
            known = {"customer_id": who}, {"playbook_id": playbooks["High risk, high value"]}, {"rule_set": "friction"}
            assert asked == known["cpr".index(letter)]
        await pilot.press("ctrl+t")
        burst(app, "explain these", "enter")
        assert app.session is not None
        talk = app.session.talk
        await until(lambda: talk.turns and not talk.is_asking)
        assert "Friction" in talk.turns[0].text
        assert app.troubles == []


async def test_where_there_is_no_room_it_is_there_while_one_types_in_it(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Meera Nair")
    async with floor.console(size=(80, 24)) as (app, pilot):
        screen, table = app.screen, app.focused
        assert isinstance(screen, FrameScreen)
        await pilot.press("ctrl+t", *"why")
        panel = screen.copilot
        assert panel is not None
        assert (panel.display, panel.size.width, screen.room) == (True, 80, 80)
        await pilot.press("tab")
        await until(lambda: not panel.has_hand and not panel.display)
        app.screen.set_focus(table)
        await pilot.press("ctrl+t")
        assert (panel.display, panel.query_one("#copilot-ask").value) == (True, "why")
        await pilot.press("escape")
        assert (app.focused, panel.display, app.session.talk.typed) == (table, False, "why")
        await pilot.resize_terminal(140, 40)
        await until(lambda: panel.display and screen.room == 90)
        assert (app.focused, table.region.right) == (table, 90)
        await pilot.press("ctrl+t", "ctrl+t")
        assert (screen.copilot, screen.room, app.focused) == (None, 140, table)
        await until(lambda: table.region.right > 90)
        assert app.troubles == []


async def test_looks(floor: Floor, snapshot: SnapshotAssertion) -> None:
    await floor.incidence("CUST-1", "Meera Nair")
    seen = snapshot.use_extension(SVGImageSnapshotExtension)
    async with floor.console(size=(140, 45)) as (app, pilot):
        await pilot.press("ctrl+t")
        await ask(app, pilot, "draft a reply")
        await until(lambda: "It is not sent" in text_of(app))
        await pilot.press(*"And")
        for width, height in ((140, 45), (80, 24)):
            await pilot.resize_terminal(width, height)
            for theme in ("day", "night"):
                app.theme = f"holdfast-{theme}"
                await still(app, pilot)
                assert look(app) == seen(name=f"{width}x{height}-{theme}")
        assert app.troubles == []
