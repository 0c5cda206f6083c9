"""The copilot beside other screens, by keys only: it follows the hand, streams, never takes a letter that is not its own."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension
from textual.pilot import Pilot

from console.copilot.exchange import Exchange
from console.copilot.panel import CopilotPanel
from console.copilot.screen import CopilotScreen
from console.frame.screen import FrameScreen
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Console, Floor, said, until
from tests.console.desk.test_looks import look
from tests.widgets.stage import screen_lines


def text_of(app: Console) -> str:
    return "\n".join(screen_lines(app))


def panel_of(app: Console) -> CopilotPanel | None:
    assert isinstance(app.screen, FrameScreen)
    return app.screen.copilot


async def ask(app: Console, pilot: Pilot[Any], question: str) -> None:
    """Where one types already."""
    await pilot.press(*("space" if letter == " " else letter for letter in question), "enter")
    assert app.session is not None
    talk = app.session.talk
    await until(lambda: talk.turns and talk.turns[-1].question == question and not talk.is_asking)
    await pilot.pause(0.1)


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
        await pilot.press("ctrl+t")
        await ask(app, pilot, "draft a reply")
        await pilot.press("h", "m")
        await pilot.press("ctrl+o")
        await until(lambda: any("You send it, from there" in one for one in said(app)))
        assert workspace.composer.text.startswith("Dear\n\nHello")
        assert app.session.talk.typed == "hm"
        await pilot.press("escape")
        assert app.focused is workspace.composer
        await pilot.press("ctrl+t", "ctrl+t")
        assert panel_of(app) is None
        assert app.focused is workspace.composer
        await pilot.press("escape", "g", "t")
        await until(lambda: isinstance(app.screen, CopilotScreen))
        assert len(app.screen.query(Exchange)) == 2
        assert app.screen.query_one("#copilot-ask").value == "hm", "the same conversation, the same question begun"
        assert (await floor.now(row))["lastMessageSeq"] == row["lastMessageSeq"]
        assert len((await floor.api.copilot.conversations()).items) == 1
        assert app.troubles == []


LOOKS = [((80, 24), "day"), ((80, 24), "night"), ((140, 45), "day"), ((140, 45), "night")]


@pytest.mark.parametrize(("size", "theme"), LOOKS, ids=[f"{w}x{h}-{theme}" for (w, h), theme in LOOKS])
async def test_looks(floor: Floor, snapshot: SnapshotAssertion, size: tuple[int, int], theme: str) -> None:
    await floor.incidence("CUST-1", "Meera Nair")
    async with floor.console(size=size, theme=f"holdfast-{theme}") as (app, pilot):
        await pilot.press("ctrl+t")
        await ask(app, pilot, "draft a reply")
        await pilot.press(*"And")
        assert app.troubles == []
        assert look(app) == snapshot(extension_class=SVGImageSnapshotExtension)
