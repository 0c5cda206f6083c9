"""The copilot by keys only, against a server without a model: asked about a case, a draft that is not sent, a note after a yes."""

from typing import Any

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension
from textual.pilot import Pilot

from backend.copilot.schemas import DocumentAdd
from console.copilot.earlier import EarlierScreen
from console.copilot.exchange import Exchange
from console.copilot.screen import CopilotScreen
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Console, Floor, still, until
from tests.console.desk.test_looks import look
from tests.console.place import burst
from tests.widgets.stage import said, text_of
from widgets.prompt import Confirm


async def ask(app: Console, pilot: Pilot[Any], question: str) -> None:
    if not app.screen.query_one("#copilot-ask").has_focus:
        await pilot.press("a")
    burst(app, question, "enter")
    assert app.session is not None
    talk = app.session.talk
    await until(lambda: talk.turns and talk.turns[-1].question == question and not talk.is_asking)
    await pilot.press("escape")


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
        await until(lambda: "Cannot change the guests" in text_of(app) and "looked at the case" in text_of(app))
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
        await ask(app, pilot, "How many cases are open")
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, EarlierScreen) and "? How many cases" in text_of(app))
        await pilot.press("j", "R")
        await until(lambda: "rename" in text_of(app))
        await pilot.press(*"Meera", "enter")
        await until(lambda: any("It is called Meera now" in one for one in said(app)))
        await until(lambda: "Meera" in text_of(app))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, CopilotScreen))
        await until(lambda: len(app.screen.query(Exchange)) == 3)
        await until(lambda: "she called twice" in text_of(app))
        floor.clock.advance(minutes=1)
        await ask(app, pilot, "sum this up")
        assert [one.title for one in (await floor.api.copilot.conversations()).items] == [
            "Meera",
            "How many cases are open",
        ]
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, EarlierScreen) and "How many" in text_of(app))
        await pilot.press("X")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(lambda: any("The conversation is erased" in one for one in said(app)))
        assert app.session.talk.turns == [], "it was the one that went on"
        assert [one.title for one in (await floor.api.copilot.conversations()).items] == ["How many cases are open"]
        assert app.troubles == []


async def test_what_is_typed_on_arrival_is_a_question(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Meera Nair")
    async with floor.console(size=(120, 40)) as (app, pilot):
        burst(app, "gtXan i sit")
        await until(lambda: isinstance(app.screen, CopilotScreen))
        await until(lambda: app.screen.query_one("#copilot-ask").value == "Xan i sit")
        await pilot.press("escape", "q")
        await until(lambda: not isinstance(app.screen, CopilotScreen))
        burst(app, "", "ctrl+t", *" and more")
        await until(lambda: app.session.talk.typed == "Xan i sit and more")
        floor.backend.runtime.copilot_limit._per_minute = 1
        await pilot.press("enter")
        await until(lambda: len(app.session.talk.turns) == 1 and not app.session.talk.is_asking)
        await pilot.press(*"More", "enter")
        await until(lambda: "Too many questions. Try again in 60 s." in app.session.talk.turns[-1].text)
        floor.clock.advance(minutes=1)
        await pilot.press("ctrl+r")
        await until(lambda: "I do not know" in app.session.talk.turns[-1].text)
        assert len(app.session.talk.turns) == 2
        assert app.troubles == []


async def test_looks(floor: Floor, snapshot: SnapshotAssertion) -> None:
    text = "# How long it takes\nRefunds to cards take five to seven working days; UPI refunds arrive within a day."
    await floor.api.knowledge.add(DocumentAdd(title="Refund policy", text=text))
    await floor.incidence("CUST-1", "Meera Nair")
    seen = snapshot.use_extension(SVGImageSnapshotExtension)
    async with floor.console(size=(140, 45)) as (app, pilot):
        await pilot.press("g", "t")
        await until(lambda: isinstance(app.screen, CopilotScreen) and "no model" in text_of(app))
        await ask(app, pilot, "How long do refunds to cards take")
        await ask(app, pilot, "How many cases are open")
        for width, height, theme in ((140, 45, "night"), (80, 24, "day")):
            await pilot.resize_terminal(width, height)
            app.theme = f"holdfast-{theme}"
            await still(app, pilot)
            assert look(app) == seen(name=f"{width}x{height}-{theme}")
            assert "Refund policy" in text_of(app)
        assert app.troubles == []
