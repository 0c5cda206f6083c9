"""The shipped screens can do all that the registry promises of them."""

import pytest

from console import actions, families
from console.app import ConsoleApp
from console.connection import Target
from console.frame.screen import FrameScreen
from tests.console.place import EMAIL, PASSWORD, Desk, until


async def shown(app: ConsoleApp, family: str, incidence_id: str) -> FrameScreen:
    if family == "incidence":
        app.open_incidence(incidence_id)
    elif family != families.HOME:
        await app.go(family)
    await until(lambda: getattr(app.screen, "family", "") == family)
    assert isinstance(app.screen, FrameScreen)
    return app.screen


@pytest.mark.parametrize("family", [*families.MODES, "incidence"])
async def test_every_action_has_a_handler(desk: Desk, family: str) -> None:
    row = await desk.incidence()
    app = ConsoleApp(Target(desk.server.url, email=EMAIL, password=PASSWORD))
    async with app.run_test(size=(140, 45)) as pilot:
        await until(lambda: app.feed.kind == "live" and app.current_mode == "queue")
        await pilot.pause()
        screen = await shown(app, family, row["incidenceId"])
        await pilot.pause()
        missing = [action.id for action in actions.on(family) if screen.handler(action) is None]
        assert missing == []
        assert app.troubles == []
