"""`Tabbed`: the keys of a screen whose sections are the tabs of a strip."""

from console.frame.screen import FrameScreen
from widgets.tabs import TabStrip


class Tabbed(FrameScreen):
    """Goes about the one `TabStrip` of the screen."""

    def action_tab(self, number: str) -> None:
        """The tab with that number."""
        if number.isdigit() and number != "0":
            self.query_one(TabStrip).action_choose(int(number))

    def action_next_tab(self) -> None:
        """The tab to the right."""
        self.query_one(TabStrip).step(1)

    def action_previous_tab(self) -> None:
        """The tab to the left."""
        self.query_one(TabStrip).step(-1)

    def action_section_right(self) -> None:
        """There is one section; its neighbours are the tabs."""
        self.action_next_tab()

    def action_section_left(self) -> None:
        """As to the right."""
        self.action_previous_tab()
