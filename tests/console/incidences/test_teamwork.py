"""Working together in the console: labels, watching, and colleagues named in notes."""

from console.incidences.naming import named
from tests.console.desk.floor import Floor, until
from tests.console.incidences.test_workspace import composer, opened
from tests.widgets.stage import said, text_of


async def test_labels_watching_and_mentions(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    other = await floor.incidence("CUST-2", "Arjun")
    id = row["incidenceId"]
    await floor.ben.incidences.watch(id)
    async with floor.console() as (app, pilot):
        table = app.screen.table  # type: ignore[attr-defined]
        await until(lambda: len(table.model) == 2)
        table.move_to(id)
        await pilot.press("L", *"VIP refund", "enter")
        await until(lambda: app.store.incidences[id]["labels"] == ["refund", "vip"])
        await until(lambda: "#refund +1" in text_of(app))
        await pilot.press("slash", *"#vip", "enter")
        await pilot.pause()
        assert list(table.model.shown) == [id]
        await pilot.press("escape", "w")
        await until(lambda: app.store.member_id in app.store.incidences[id]["watcherIds"])
        await pilot.press("slash", *"watching", "enter")
        await pilot.pause()
        assert list(table.model.shown) == [id]
        await pilot.press("escape", "z")
        await until(lambda: app.store.member_id not in app.store.incidences[id]["watcherIds"])
        await pilot.press("z")
        await until(lambda: app.store.incidences[id]["labels"] == [])
        table.move_to(other["incidenceId"])
        await floor.api.incidences.label(id, _labels("vip"))
        await until(lambda: app.store.incidences[id]["labels"] == ["vip"])
        await pilot.press("L", "enter")  # the first of those in use
        await until(lambda: app.store.incidences[other["incidenceId"]]["labels"] == ["vip"])

        await opened(app, pilot, row, "c", *"ask @be")
        await until(lambda: "tab writes @ben" in text_of(app))
        await pilot.press("tab")
        assert (composer(app).text, composer(app).has_focus) == ("ask @ben ", True)
        await pilot.press(*"and @zed", "f9")
        await until(lambda: composer(app).text == "")
        await until(lambda: any("@zed is nobody here" in toast for toast in said(app)))
        await until(lambda: "watched by Ben Carter" in text_of(app))
        assert "#vip" in text_of(app)
    note = (await floor.api.incidences.timeline(id)).items[-1]
    assert (note.data or {})["mentions"] == [floor.ben_id]


def _labels(*names: str) -> object:
    from backend.incidences.schemas import LabelsChange

    return LabelsChange(add=list(names))


def test_names_that_mean_one_colleague() -> None:
    people = [
        {"name": "Ravi Kumar", "email": "ravi@feast.co"},
        {"name": "Ravi Shah", "email": "ravi@other.co"},
        {"name": "Asha Iyer", "email": "asha.iyer@feast.co"},
    ]
    assert named("", people) == ["asha.iyer", "ravikumar", "ravishah"]
    assert named("RAVI", people) == ["ravikumar", "ravishah"]
    assert named("iy", people) == ["asha.iyer"]
    assert named("ashai", people) == ["ashaiyer"]
    assert named("x", people) == []
