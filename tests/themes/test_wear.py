"""Every theme can be worn by every widget, and stylesheets can name its roles."""

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from tests.widgets.stage import Stage
from themes import THEMES
from themes.roles import GROUND_ROLES, TEXT_ROLES
from widgets.bar import Bar
from widgets.composer import Composer
from widgets.panel import Panel
from widgets.prompt import Choice, Confirm, Option
from widgets.queue_columns import Column
from widgets.queue_table import QueueTable
from widgets.sparkline import Sparkline
from widgets.tabs import Tab, TabStrip
from widgets.timeline import Timeline

NAMES = [theme.name for theme in THEMES]


@pytest.mark.parametrize("name", NAMES)
async def test_every_widget_wears_it(name: str) -> None:
    app = Stage(
        lambda: QueueTable([Column("key", "ID")]),
        Timeline,
        lambda: Panel("Panel"),
        Composer,
        lambda: TabStrip([Tab("a", "A")]),
        lambda: Bar("left"),
        lambda: Sparkline([1, 2]),
    )
    async with app.run_test(size=(60, 40)) as pilot:
        app.theme = name
        await pilot.pause()
        app.push_screen(Confirm("Sure?", [("what", "this")]))
        await pilot.pause()
        app.push_screen(Choice("Which?", [Option("a", "A")]))
        await pilot.pause()
        assert app.current_theme.name == name
        assert app.screen.query_one("OptionLines").size.height > 0


@pytest.mark.parametrize("name", NAMES)
async def test_stylesheets_can_name_every_role(name: str) -> None:
    roles = [*TEXT_ROLES, *GROUND_ROLES]

    class Painted(App[None]):
        CSS = "\n".join(f"#{role} {{ color: $role-{role}; }}" for role in roles)

        def compose(self) -> ComposeResult:
            for role in roles:
                yield Static("x", id=role)

    app = Painted()
    for theme in THEMES:
        app.register_theme(theme)
    app.theme = name
    async with app.run_test():
        colours = {app.query_one(f"#{role}").styles.color for role in ("ok", "danger", "muted")}
        assert len(colours) == 3
