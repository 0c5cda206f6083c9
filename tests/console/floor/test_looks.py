"""How the wall and the question to whom a case is given look, to the cell and the colour."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from tests.console.desk.floor import Floor, still, until
from tests.console.desk.test_looks import look
from tests.console.floor.test_wall import on_wall
from tests.console.floor.world import Crowd, world
from widgets.prompt import Choice


@pytest.mark.parametrize(
    ("size", "theme"),
    [((80, 24), "holdfast-night"), ((140, 45), "holdfast-day"), ((200, 60), "holdfast-night")],
    ids=["80x24-night", "140x45-day", "200x60-night"],
)
async def test_looks(
    floor: Floor, crowd: Crowd, snapshot: SnapshotAssertion, size: tuple[int, int], theme: str
) -> None:
    await world(floor, crowd)
    seen = snapshot.use_extension(SVGImageSnapshotExtension)
    async with floor.console(size=size, theme=theme) as (app, pilot):
        await on_wall(app, pilot)
        await still(app, pilot)
        assert look(app) == seen(name="wall")
        if size[0] != 140:
            return
        await pilot.press("g", "q")
        await until(lambda: app.current_mode == "queue")
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, Choice))
        await still(app, pilot)
        assert look(app) == seen(name="assign")
