"""How the menu of actions and its last question look, to the cell and the colour."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from tests.console.desk.floor import Floor, still, until
from tests.console.desk.test_looks import look
from tests.console.incidences.test_acting import BEN, discount
from tests.console.incidences.test_workspace import opened
from widgets.prompt import Choice


@pytest.mark.parametrize(
    ("size", "theme"),
    [((80, 24), "holdfast-night"), ((140, 45), "holdfast-day")],
    ids=lambda value: value.removeprefix("holdfast-") if isinstance(value, str) else f"{value[0]}x{value[1]}",
)
async def test_looks(floor: Floor, snapshot: SnapshotAssertion, size: tuple[int, int], theme: str) -> None:
    row = await floor.incidence("CUST-1", "Priya Raman", order_value=31_000)
    seen = snapshot.use_extension(SVGImageSnapshotExtension)
    async with floor.console(size=size, theme=theme, email=BEN) as (app, pilot):
        await opened(app, pilot, row)
        await pilot.press("A")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("up")  # round to the last, which is blocked
        await still(app, pilot)
        assert look(app) == seen(name="menu")
        await pilot.press("escape")
        await discount(app, pilot, row, "15")
        await still(app, pilot)
        assert look(app) == seen(name="confirm")
