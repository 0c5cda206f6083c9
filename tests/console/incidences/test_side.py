"""The panels beside a case: the chosen one is in view, and stays there while the others fill."""

from typing import Any

from textual.app import App

from console.incidences.panels import TITLES, Content
from console.incidences.side import Side
from tests.widgets.stage import Stage, screen_lines

LONG = Content(lines=[[(f"line {number}", "")] for number in range(12)])
SHORT = Content(lines=[[("short", "")]])


def titles(app: App[Any]) -> list[str]:
    """The panels whose titles are on the screen, from the top."""
    return [title for line in screen_lines(app) for title in TITLES if f" {title} " in line]


async def test_the_chosen_panel_stays_at_the_top_while_the_others_fill() -> None:
    side = Side()
    async with Stage(side).run_test(size=(40, 16)) as pilot:
        app = pilot.app
        side.show([SHORT] * len(TITLES))
        await pilot.pause()
        side.choose(4)
        await pilot.pause()
        await pilot.pause()
        side.show([LONG] * len(TITLES))
        for _ in range(3):
            await pilot.pause()
        assert titles(app)[0] == "Churn"


async def test_who_scrolled_by_hand_is_left_where_they_are() -> None:
    side = Side()
    async with Stage(side).run_test(size=(40, 16)) as pilot:
        side.show([LONG] * len(TITLES))
        await pilot.pause()
        side.choose(4)
        await pilot.pause()
        await pilot.pause()
        assert titles(pilot.app)[0] == "Churn"
        side.scroll_to(y=0, animate=False, immediate=True)
        side.show([SHORT, *[LONG] * (len(TITLES) - 1)])
        for _ in range(3):
            await pilot.pause()
        assert side.scroll_y == 0
        assert titles(pilot.app)[0] == "Customer"
