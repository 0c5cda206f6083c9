"""How the board looks, to the cell and the colour."""

from typing import Any

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from console.retention.flow import FlowScreen
from console.retention.flow_yaml import FlowYamlScreen
from tests.console.desk.floor import still, until
from tests.console.desk.test_looks import look
from tests.console.retention.test_board import on_board
from tests.console.retention.test_results import on_results
from tests.console.retention.world import Leaving, filled, past
from tests.widgets.stage import text_of


async def test_looks(leaving: Leaving, snapshot: SnapshotAssertion) -> None:
    """Each tab once at each size; the live board in both themes."""
    await filled(leaving)
    await leaving.floor.backend.drain()
    seen: Any = snapshot.use_extension(SVGImageSnapshotExtension)
    for size, theme in (((80, 24), "day"), ((140, 45), "night")):
        name = f"{size[0]}x{size[1]}-{theme}"
        async with leaving.floor.console(size=size, theme=f"holdfast-{theme}") as (app, pilot):
            await on_board(app, pilot)
            await until(lambda: "◆ 8 alerts" in text_of(app))
            if size[0] < 100:
                await still(app, pilot)
                assert look(app) == seen(name=f"live-{name}")
                await pilot.press("2", "p")
            else:
                await until(lambda: "Steps" in text_of(app) and "wants to cancel" in text_of(app))
                await still(app, pilot)
                assert look(app) == seen(name=f"live-{name}")
                await pilot.press("2")
            await until(lambda: "yes to cancel now" in text_of(app) or "told them" in text_of(app))
            await still(app, pilot)
            assert look(app) == seen(name=f"decided-{name}")
            await pilot.press("5")
            await until(lambda: app.screen.paying.is_loaded and "Thali" in text_of(app))
            app.preferences.change(preview="off")  # Stripe's id beside it is another one each time
            app.screen.fit()
            await still(app, pilot)
            assert look(app) == seen(name=f"subscriptions-{name}")
            app.preferences.change(preview="right")
            await pilot.press("3", "enter")
            await until(lambda: isinstance(app.screen, FlowScreen) and app.screen.flow is not None)
            await still(app, pilot)
            assert look(app) == seen(name=f"flow-{name}")
            await pilot.press("e")
            await until(lambda: isinstance(app.screen, FlowYamlScreen))
            await still(app, pilot)
            assert look(app) == seen(name=f"yaml-{name}")


async def test_results(leaving: Leaving, snapshot: SnapshotAssertion) -> None:
    """Numbers with their definitions."""
    await past(leaving.floor)
    seen: Any = snapshot.use_extension(SVGImageSnapshotExtension)
    async with leaving.floor.console(size=(80, 24), theme="holdfast-night") as (app, pilot):
        await on_results(app, pilot)
        await still(app, pilot)
        assert look(app) == seen(name="results-80x24-night")
