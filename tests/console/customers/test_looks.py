"""How it looks to the cell when somebody is about to leave. `pytest --snapshot-update` takes what is seen for right."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from console.customers.customer import CustomerScreen
from tests.console.customers.test_customers import at_customers, world
from tests.console.customers.world import tells, upsets
from tests.console.desk.floor import Floor, still, until
from tests.console.desk.test_looks import look, zone
from tests.console.incidences.test_workspace import opened
from tests.widgets.stage import text_of

__all__ = ["zone"]
LOOKS = pytest.mark.parametrize(
    ("size", "theme"), [((80, 24), "holdfast-day"), ((140, 45), "holdfast-night")], ids=["80x24", "140x45"]
)


@LOOKS
async def test_the_panel_looks(floor: Floor, snapshot: SnapshotAssertion, size: tuple[int, int], theme: str) -> None:
    row = await floor.incidence("CUST-1", "Priya Raman")
    await tells(floor, "CUST-1", billing_page_view=2)
    floor.clock.advance(minutes=5)
    await upsets(floor, "CUST-1")
    floor.clock.advance(minutes=5)
    async with floor.console(size=size, theme=theme) as (app, pilot):
        await opened(app, pilot, row, "4")
        for words in ("of 100 · high", "Rules, not a model", "None known", "No case before"):
            await until(lambda words=words: words in text_of(app))  # type: ignore[misc]
        await still(app, pilot)
        assert look(app) == snapshot.use_extension(SVGImageSnapshotExtension)


@LOOKS
async def test_customers_look(floor: Floor, snapshot: SnapshotAssertion, size: tuple[int, int], theme: str) -> None:
    await world(floor)
    seen = snapshot.use_extension(SVGImageSnapshotExtension)
    async with floor.console(size=size, theme=theme) as (app, pilot):
        screen = await at_customers(app, pilot)
        await until(lambda: screen._trends)
        await still(app, pilot)
        assert look(app) == seen(name="table")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, CustomerScreen) and "of 100 · high" in text_of(app))
        await until(lambda: "None known" in text_of(app) or size[1] < 30)
        await still(app, pilot)
        assert look(app) == seen(name="customer")
