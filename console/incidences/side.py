"""The panels beside a case or a customer."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from console.incidences.panels import TITLES, Content
from widgets.panel import Panel


class Side(VerticalScroll):
    """Panels one above the other; the chosen one is brought into view and stands out."""

    def __init__(self, titles: Sequence[str] = TITLES) -> None:
        super().__init__(id="side")
        self.titles = titles
        self.chosen = 0
        self._brought_to = -1.0
        """Where the chosen panel was when it was brought into view: elsewhere, somebody has scrolled since."""

    def compose(self) -> ComposeResult:
        for number, title in enumerate(self.titles, 1):
            yield Panel(f"{number} {title}", id=f"panel-{number}")

    @property
    def panels(self) -> list[Panel]:
        """In their order."""
        return list(self.query(Panel))

    def show(self, contents: Sequence[Content]) -> None:
        """Show what the dashboard says. The chosen panel stays where it was brought to, however long the others get."""
        stays = self.chosen and self.scroll_y == self._brought_to
        for panel, content in zip(self.panels, contents, strict=True):
            panel.show(content.pairs, content.lines, freshness=content.freshness)
        if stays:
            self.call_after_refresh(self._bring_chosen)

    def show_loading(self) -> None:
        """On its way."""
        for panel in self.panels:
            panel.show_loading()

    def show_error(self, text: str) -> None:
        """Could not be had; said once, the others stay dim."""
        for number, panel in enumerate(self.panels):
            if number:
                panel.show((), [[("–", "muted")]])
            else:
                panel.show_error(text)

    def choose(self, number: int) -> None:
        """Bring a panel into view; counted from one, round at the ends."""
        panels = self.panels
        self.chosen = (number - 1) % len(panels) + 1
        for place, panel in enumerate(panels, 1):
            panel.set_class(place == self.chosen, "-chosen")
        # The side may have been out of sight until now: it has a layout only after the next refresh.
        self.call_after_refresh(self._bring_chosen)

    def _bring_chosen(self) -> None:
        self.scroll_to_widget(self.panels[self.chosen - 1], animate=False, top=True, immediate=True)
        self._brought_to = self.scroll_y
