"""Macros against a real server, by keys only: read, tried on a case, written, changed, taken away, and who may not."""

from typing import Any

import pytest
from textual.pilot import Pilot

from backend.incidences.macro_schemas import MacroChange, MacroMake, MacroRead
from console.actions import BY_ID
from console.macros.editor import MacroEditor
from console.macros.macros import MacrosScreen
from console.macros.text import NEW, read, written
from tests.console.desk.floor import Console, Floor, until
from tests.widgets.stage import said, text_of
from widgets.composer import Composer
from widgets.outline import Outline
from widgets.prompt import Choice, Confirm

MEMBERS = {"m-1": {"id": "m-1", "name": "Asha", "email": "asha@feast.co"}}


async def made(floor: Floor, name: str, *, shared: bool = True, **steps: Any) -> MacroRead:
    return await floor.api.macros.make(MacroMake.model_validate({"name": name, "isShared": shared, "steps": steps}))


async def on_macros(app: Console, pilot: Pilot[Any]) -> Outline:
    """Go to the macros, once they are there."""
    await pilot.press("g", "m")
    await until(lambda: isinstance(app.screen, MacrosScreen) and app.screen.is_read)
    await pilot.pause()
    return app.screen.query_one(Outline)


async def keep(app: Console, pilot: Pilot[Any], text: str) -> None:
    """Write this in the editor that is open, and keep it."""
    await until(lambda: isinstance(app.screen, MacroEditor) and app.screen.query(Composer))
    app.screen.query_one(Composer).load_text(text)
    await pilot.pause()
    await pilot.press("alt+enter")


async def test_read_tried_written_changed_and_taken_away(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    await made(floor, "Late", reply="Dear {customer.name}, about {order.id}: sorry.", add=["late"], priority=1)
    async with floor.console() as (app, pilot), floor.console(email="ben@feast.co") as (other, others):
        await on_macros(app, pilot)
        await on_macros(other, others)
        assert "Dear {customer.name}, about {order.id}: sorry." in text_of(app)
        await pilot.press("colon", *f"try {row['ref']}", "enter")
        await until(lambda: f"Late on {row['ref']}: nothing is done" in text_of(app))
        assert "Dear Priya, about {order.id}: sorry." in text_of(app)
        assert "Nothing is known for {order.id}" in text_of(app)
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("escape")
        assert (await floor.now(row))["version"] == 1, "nothing was done to it"

        await pilot.press("n")
        await keep(app, pilot, "name: Quiet\nshared: yes\nnote: Looked at {refs}\n")
        await until(lambda: "there is no {refs}" in text_of(app))
        assert any("there is no {refs}" in text for text in said(app)), "and it is not kept"
        await keep(app, pilot, "name: Quiet\nshared: yes\nnote: |-\n  Looked at {ref}\n  twice\n")
        await until(lambda: isinstance(app.screen, MacrosScreen) and "Quiet" in text_of(app))
        await until(lambda: "Quiet" in text_of(other))

        await pilot.press("j", "e")
        await keep(app, pilot, "name: Quieter\nshared: yes\nsnoozeMinutes: 90\nagent: ben@feast.co\n")
        await until(lambda: isinstance(app.screen, MacrosScreen) and "Quieter" in text_of(app))
        await until(lambda: "give it to Ben Carter" in text_of(app))
        changed = next(one for one in (await floor.api.macros.list()).items if one.name == "Quieter")
        assert (changed.steps.agent, changed.steps.note, changed.version) == (floor.ben_id, None, 2)

        await pilot.press("D")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        assert len((await floor.api.macros.list()).items) == 2, "enter at once is No"
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(lambda: "Quieter" not in text_of(other).replace("Quieter is gone", ""))
        assert [one.name for one in (await floor.api.macros.list()).items] == ["Late"]
        assert app.troubles == other.troubles == []


async def test_an_agent_reads_everybodys_and_keeps_their_own(floor: Floor) -> None:
    await made(floor, "Late", reply="Sorry.")
    await made(floor, "Asha's", shared=False, note="Mine.")
    async with floor.console(email="ben@feast.co", size=(80, 24)) as (app, pilot):
        await on_macros(app, pilot)
        assert "Asha's" not in text_of(app)
        assert app.screen.refusal(BY_ID["macro_delete"]) == "Macros for everybody are kept by a supervisor."  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, MacroEditor) and "Reading only" in text_of(app))
        await pilot.press("x", "alt+enter", "escape")
        await until(lambda: isinstance(app.screen, MacrosScreen))
        await pilot.press("n")
        await keep(app, pilot, "name: Mine\nshared: yes\nnote: Hm.\n")
        await until(lambda: any("kept by a supervisor" in text for text in said(app)))
        await keep(app, pilot, "name: Mine\nnote: Hm.\n")
        await until(lambda: isinstance(app.screen, MacrosScreen) and "Yours" in text_of(app))
    assert [one.name for one in (await floor.ben.macros.list()).items] == ["Late", "Mine"]


async def test_somebody_was_faster_and_what_is_written_stays(floor: Floor) -> None:
    macro = await made(floor, "Late", reply="Sorry.")
    async with floor.console() as (app, pilot):
        await on_macros(app, pilot)
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, MacroEditor) and app.screen.query(Composer))
        await floor.api.macros.change(macro.macro_id, MacroChange(version=1, name="Later"))
        text = "name: Latest\nshared: yes\nreply: So sorry.\n"
        await keep(app, pilot, text)
        await until(lambda: any("in the place of theirs" in one for one in said(app)))
        assert app.screen.query_one(Composer).text == text
        await pilot.press("escape")
        assert isinstance(app.screen, MacroEditor), "escape once does not lose it"
        await pilot.press("alt+enter")
        await until(lambda: isinstance(app.screen, MacrosScreen))
        assert [(one.name, one.version) for one in (await floor.api.macros.list()).items] == [("Latest", 3)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (NEW, "name:"),
        ("name: A", "at least one thing"),
        ("name: A\nrepy: x", "repy: there is no such thing; there are reply, note"),
        ("name: A\nreply: [x", "line 2"),
        ("just words", "a line for each thing"),
        ("name: A\npriority: 7", "priority:"),
        ("name: A\nagent: eve@feast.co", "no member 'eve@feast.co'"),
        ("name: A\nstatus: open\noutcome: dropped", "one of them"),
        ("name: A\nnote: !!python/object/apply:os.system [id]", "line 2"),
    ],
)
def test_what_cannot_be_kept_is_told_in_words(text: str, says: str) -> None:
    found = read(text, MEMBERS)
    assert isinstance(found, str)
    assert says in found


def test_what_is_written_is_read_as_it_was() -> None:
    steps = {
        "reply": "Dear {customer.name}: it's\n  late # not a comment\n- yes",
        "note": "no",
        "add": ["1st", "on"],
        "remove": ["old"],
        "agent": "m-1",
        "priority": 2,
        "outcome": "DROPPED",
        "issueCategory": "late_delivery",
    }
    body = MacroMake.model_validate({"name": "null", "isShared": True, "steps": steps})
    shown = body.model_dump(mode="json", by_alias=True)
    assert read(written(shown, MEMBERS), MEMBERS) == body
    assert "agent: asha@feast.co" in written(shown, MEMBERS)
