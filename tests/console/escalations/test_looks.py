"""How the board looks, to the cell and the colour."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from tests.console.desk.floor import Floor, still, until
from tests.console.desk.test_looks import look
from tests.console.escalations.test_approvals import ask
from tests.console.escalations.test_board import on_board
from tests.console.escalations.world import world
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
    rows, seen = await world(floor), snapshot.use_extension(SVGImageSnapshotExtension)
    async with floor.console(size=size, theme=theme) as (app, pilot):
        await on_board(app, pilot)
        await until(lambda: "INC-6" in text_of(app))
        await still(app, pilot)
        assert look(app) == seen(name="board")
        await ask(floor, rows[0])
        await pilot.press("6")
        await until(lambda: "discount 15 %" in text_of(app))
        await still(app, pilot)
        assert look(app) == seen(name="approvals")
