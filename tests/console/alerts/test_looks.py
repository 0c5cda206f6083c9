"""How the list of alerts looks, to the cell and the colour."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from tests.console.alerts.test_alerts import on_alerts, world
from tests.console.desk.floor import Floor, still, until
from tests.console.desk.test_looks import look
from tests.widgets.stage import text_of


@pytest.mark.parametrize(
    ("size", "theme"),
    [
        ((80, 24), "holdfast-night"),
        ((80, 24), "holdfast-day"),
        ((140, 45), "holdfast-night"),
        ((140, 45), "holdfast-day"),
    ],
    ids=lambda value: value.removeprefix("holdfast-") if isinstance(value, str) else f"{value[0]}x{value[1]}",
)
async def test_looks(floor: Floor, snapshot: SnapshotAssertion, size: tuple[int, int], theme: str) -> None:
    await world(floor)
    async with floor.console(size=size, theme=theme) as (app, pilot):
        await on_alerts(app, pilot)
        await pilot.press("r")
        await until(lambda: "◆ 3 alerts" in text_of(app))  # what is read after "2" stays in its place under the hand
        await pilot.press("2")
        await still(app, pilot)
        assert look(app) == snapshot.use_extension(SVGImageSnapshotExtension)
