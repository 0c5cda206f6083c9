"""How the board looks, to the cell and the colour."""

from typing import Any

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from console.retention.flow import FlowScreen
from console.retention.flow_yaml import FlowYamlScreen
from tests.console.desk.floor import until
from tests.console.desk.test_looks import look
from tests.console.retention.test_board import on_board
from tests.console.retention.world import Leaving, filled, text_of


async def test_looks(leaving: Leaving, snapshot: SnapshotAssertion) -> None:
    """Each tab once at each size; the live board in both themes."""
    await filled(leaving)
    seen: Any = snapshot.use_extension(SVGImageSnapshotExtension)
    for size, theme in (((80, 24), "day"), ((140, 45), "night")):
        name = f"{size[0]}x{size[1]}-{theme}"
        async with leaving.floor.console(size=size, theme=f"holdfast-{theme}") as (app, pilot):
            await on_board(app, pilot)
            if size[0] < 100:
                await pilot.pause(0.3)
                assert look(app) == seen(name=f"live-{name}")
                await pilot.press("2", "p")
            else:
                await until(lambda: "Steps" in text_of(app) and "wants to cancel" in text_of(app))
                await pilot.pause(0.3)
                assert look(app) == seen(name=f"live-{name}")
                await pilot.press("2")
            await until(lambda: "yes to cancel now" in text_of(app) or "told them" in text_of(app))
            await pilot.pause(0.5)
            assert look(app) == seen(name=f"decided-{name}")
            await pilot.press("3", "enter")
            await until(lambda: isinstance(app.screen, FlowScreen) and app.screen.flow is not None)
            await pilot.pause(0.3)
            assert look(app) == seen(name=f"flow-{name}")
            await pilot.press("e")
            await until(lambda: isinstance(app.screen, FlowYamlScreen))
            await pilot.pause(0.3)
            assert look(app) == seen(name=f"yaml-{name}")
