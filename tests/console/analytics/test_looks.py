"""How the numbers look, to the cell and the colour."""

from typing import Any

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from tests.console.analytics.world import on_numbers, world
from tests.console.desk.floor import Floor, still, until
from tests.console.desk.test_looks import look
from tests.widgets.stage import text_of

SEEN = {
    "overview": ("1", "order"),
    "trends": ("2", "by day"),
    "friction": ("3", "Recommended"),
    "cost": ("4", "In all"),
}

THEME_OF = {80: "day", 140: "night"}


async def test_looks(floor: Floor, snapshot: SnapshotAssertion) -> None:
    """The overview at both sizes in both themes; the other tabs once at each size."""
    await world(floor)
    seen: Any = snapshot.use_extension(SVGImageSnapshotExtension)
    for size, theme in (((80, 24), "day"), ((140, 45), "night"), ((80, 24), "night"), ((140, 45), "day")):
        async with floor.console(size=size, theme=f"holdfast-{theme}") as (app, pilot):
            await on_numbers(app, pilot)
            for tab, (key, words) in SEEN.items():
                if tab == "overview" or theme == THEME_OF[size[0]]:
                    await pilot.press(key)
                    await until(lambda words=words: words in text_of(app))
                    await still(app, pilot)
                    assert look(app) == seen(name=f"{tab}-{size[0]}x{size[1]}-{theme}")
