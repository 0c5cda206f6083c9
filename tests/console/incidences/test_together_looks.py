"""How working together looks: a case with labels, watchers, a merged one and a link, and a macro in the composer."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from backend.incidences.link_schemas import LinkMake, Merge
from backend.incidences.macro_schemas import MacroMake
from backend.incidences.schemas import LabelsChange
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Floor, still, until
from tests.console.desk.test_looks import look, zone
from tests.console.incidences.test_workspace import composer
from widgets.prompt import Choice

__all__ = ["zone"]


@pytest.mark.parametrize(
    ("size", "theme"), [((80, 24), "holdfast-day"), ((140, 45), "holdfast-night")], ids=["80x24", "140x45"]
)
async def test_looks(floor: Floor, snapshot: SnapshotAssertion, size: tuple[int, int], theme: str) -> None:
    row = await floor.incidence("CUST-0", "Priya Raman", summary="Cannot change the guests")
    twin = await floor.incidence("CUST-0", summary="Same in a second window")
    other = await floor.incidence("CUST-1", "Arjun Mehta", summary="Payment taken twice")
    await floor.says(twin, "Hello? We are 20 more now.")
    await floor.api.incidences.label(row["ref"], LabelsChange(add=["vip", "wedding"]))
    await floor.ben.incidences.watch(row["ref"])
    await floor.api.incidences.link(row["ref"], LinkMake(to=other["ref"], kind="DUPLICATE_OF", reason="same card"))
    one, two = await floor.now(twin), await floor.now(row)
    body = Merge(into=row["ref"], version=one["version"], into_version=two["version"])
    await floor.ben.incidences.merge(twin["ref"], body)
    steps = {"reply": "Dear {customer.name}, about {order.id}: sorry.", "add": ["late"], "priority": 1}
    await floor.api.macros.make(MacroMake.model_validate({"name": "Late", "isShared": True, "steps": steps}))
    async with floor.console(size=size, theme=theme) as (app, pilot):
        await pilot.press("colon", *f"open {row['ref']}", "enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and app.screen.paid.held is not None)
        await until(
            lambda: isinstance(app.screen, IncidenceScreen) and app.screen.leaving.held and app.screen.paid.held
        )
        await pilot.press("m")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and "Dear Priya" in composer(app).text)
        await still(app, pilot)
        assert look(app) == snapshot.use_extension(SVGImageSnapshotExtension)
