"""The copilot by keys only, against a server without a model: asked about a case, a draft that is not sent, a note after a yes."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension
from textual.pilot import Pilot

from backend.copilot.schemas import DocumentAdd
from console.copilot.exchange import Exchange
from console.copilot.screen import CopilotScreen
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Console, Floor, said, until
from tests.console.desk.test_looks import look
from tests.widgets.stage import screen_lines
from widgets.prompt import Confirm


def text_of(app: Console) -> str:
    return "\n".join(screen_lines(app))


async def ask(app: Console, pilot: Pilot[Any], question: str) -> None:
    await pilot.press("a", *("space" if letter == " " else letter for letter in question), "enter", "escape")
    screen = app.screen
    assert isinstance(screen, CopilotScreen)
    await until(lambda: not screen._is_asking)
    await pilot.pause(0.1)


async def test_a_draft_is_inserted_and_a_note_is_carried_out(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Meera Nair")
    async with floor.console(size=(120, 40)) as (app, pilot):
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen))
        workspace = app.screen
        await pilot.pause()
        await pilot.press("g", "t")
        await until(lambda: isinstance(app.screen, CopilotScreen))
        await until(lambda: "no model" in text_of(app))
        assert f"about {row['ref']}, Meera Nair" in text_of(app)
        assert "No reply is proposed" in app.screen.verdicts()["copilot_insert"]
        await ask(app, pilot, "sum this up")
        assert "Cannot change the guests" in text_of(app)
        assert "looked at the case" in text_of(app)
        await ask(app, pilot, "draft a reply")
        await pilot.press("i")
        await until(lambda: any("You send it, from there" in one for one in said(app)))
        assert workspace.composer.text.startswith("Hello Meera,")
        assert (await floor.now(row))["lastMessageSeq"] == row["lastMessageSeq"]
        await ask(app, pilot, "add a note: she called twice")
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, Confirm))
        assert (await floor.now(row))["version"] == row["version"]
        await pilot.press("y")
        await until(lambda: any("The note is in" in one for one in said(app)))
        assert (await floor.now(row))["version"] == row["version"] + 1
        await pilot.press("n")
        await until(lambda: not app.screen.query(Exchange))
        assert len((await floor.api.copilot.conversations()).items) == 1
        assert app.troubles == []


@pytest.mark.parametrize(
    ("size", "theme"), [((80, 24), "day"), ((140, 45), "night")], ids=["80x24-day", "140x45-night"]
)
async def test_looks(floor: Floor, snapshot: SnapshotAssertion, size: tuple[int, int], theme: str) -> None:
    text = "# How long it takes\nRefunds to cards take five to seven working days; UPI refunds arrive within a day."
    await floor.api.knowledge.add(DocumentAdd(title="Refund policy", text=text))
    await floor.incidence("CUST-1", "Meera Nair")
    async with floor.console(size=size, theme=f"holdfast-{theme}") as (app, pilot):
        await pilot.press("g", "t")
        await until(lambda: isinstance(app.screen, CopilotScreen) and "no model" in text_of(app))
        await ask(app, pilot, "How long do refunds to cards take")
        await ask(app, pilot, "How many cases are open")
        assert "Refund policy" in text_of(app)
        assert app.troubles == []
        assert look(app) == snapshot(extension_class=SVGImageSnapshotExtension)
