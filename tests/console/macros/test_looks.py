"""How the macros look, to the cell and the colour."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from console.macros.editor import MacroEditor
from tests.console.desk.floor import Floor, still, until
from tests.console.desk.test_looks import look
from tests.console.macros.test_macros import made, on_macros


@pytest.mark.parametrize(("size", "theme"), [((80, 24), "day"), ((140, 45), "night")], ids=("small", "large"))
async def test_looks(floor: Floor, snapshot: SnapshotAssertion, size: tuple[int, int], theme: str) -> None:
    seen = snapshot.use_extension(SVGImageSnapshotExtension)
    await made(floor, "Delay, sorry", reply="Dear {customer.name},\nthe kitchen runs late.", add=["late"], priority=2)
    await made(floor, "Spam", shared=False, add=["spam"], outcome="DROPPED")
    async with floor.console(size=size, theme=f"holdfast-{theme}") as (app, pilot):
        await on_macros(app, pilot)
        await still(app, pilot)
        assert look(app) == seen(name="list")
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, MacroEditor) and app.screen.is_mounted)
        await still(app, pilot)
        assert look(app) == seen(name="text")
