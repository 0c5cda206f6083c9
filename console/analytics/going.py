"""Going about in the numbers: the days, and with the same keys tabs, tiles, metrics of a trend and lines of a report."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from textual.containers import VerticalScroll
from textual.widget import Widget

from console.analytics.days import Days, NoDays, parse
from console.frame.tabbed import Tabbed
from widgets.tabs import TabStrip
from widgets.tiles import Tiles

P = TypeVar("P", bound=Widget)


class GoingAbout(Tabbed):
    """Keys that move, and how numbers are asked for. The screen has a `TabStrip`, `Tiles`, a `#page` that scrolls, and
    a `#plot`."""

    def __init__(self) -> None:
        super().__init__()
        self._days: Days | None = None

    @property
    def tab(self) -> str:
        """The tab in front."""
        return self.query_one(TabStrip).active

    @property
    def is_linear(self) -> bool:
        """Whether lines are read, not looked at."""
        return self.console.preferences.current.linear

    def failed(self, error: Exception) -> None:
        """Show in its place that the numbers could not be read."""
        raise NotImplementedError

    def fetch(self, what: str, call: Callable[[], Any], done: Callable[[Any], None], group: str = "") -> None:
        """Ask for numbers; of one group, the screen's own by itself, the latest question counts."""

        def shown(answer: Any) -> None:
            if self.is_attached:
                done(answer)

        self.console.calls.start(what, call, done=shown, failed=self.failed, group=group or self.family, exclusive=True)

    def read_when_in_front(self) -> None:
        """Ask again as time passes, unless nobody looks."""
        if self.is_current and self.console.is_online:
            self.read()

    def plot(self, kind: type[P]) -> P:
        """The plot, made when it is first looked at."""
        place = self.query_one("#plot")
        if not (found := place.query(kind)):
            plot = kind()
            place.mount(plot)
            return plot
        return found.first()

    def read(self) -> None:
        """Ask for the numbers of the days that are looked at."""
        raise NotImplementedError

    def step_metric(self, by: int) -> None:
        """The metric that many places on."""
        raise NotImplementedError

    @property
    def days(self) -> Days:
        """The days that are looked at: the last seven, to begin with."""
        return self._days or parse("7", self.today)

    @property
    def today(self) -> date:
        """The day it is at the business."""
        session = self.console.session
        zone = ZoneInfo(session.me.business.time_zone) if session else None
        return self.console.clock.now().astimezone(zone).date()

    def action_days(self, text: str) -> None:
        """Other days."""
        if text == "custom":
            self.action_command("days ")
            return
        try:
            self._days = parse(text, self.today)
        except NoDays as error:
            self.console.say(str(error), "warning")
            return
        self.read()

    def action_earlier(self) -> None:
        """As many days before these."""
        self._days = self.days.moved(-1)
        self.read()

    def action_later(self) -> None:
        """As many days after these."""
        self._days = self.days.moved(1)
        self.read()

    def _move(self, lines: int, columns: int = 0) -> None:
        page, tiles = self.query_one("#page", VerticalScroll), self.query_one(Tiles)
        if page.display:
            page.scroll_relative(y=lines, animate=False)
        elif tiles.display:
            tiles.move(lines, columns)
        else:
            self.step_metric(lines or columns)

    def action_move_down(self) -> None:
        """The number below, the next metric of the trend, or a line of the report."""
        self._move(1)

    def action_move_up(self) -> None:
        """The one above."""
        self._move(-1)

    def action_section_right(self) -> None:
        """The number to the right."""
        self._move(0, 1)

    def action_section_left(self) -> None:
        """The number to the left."""
        self._move(0, -1)

    def action_move_first(self) -> None:
        """The first number, or the beginning."""
        self.query_one("#page", VerticalScroll).scroll_home(animate=False)
        self.query_one(Tiles).move_to(0)

    def action_move_last(self) -> None:
        """The last number, or the end."""
        self.query_one("#page", VerticalScroll).scroll_end(animate=False)
        tiles = self.query_one(Tiles)
        tiles.move_to(tiles.count)

    def _page(self, share: float) -> None:
        page, tiles = self.query_one("#page", VerticalScroll), self.query_one(Tiles)
        height = page.size.height if page.display else tiles.page
        self._move(round(height * share) or (1 if share > 0 else -1))

    def action_half_down(self) -> None:
        """Half a page down."""
        self._page(0.5)

    def action_half_up(self) -> None:
        """Half a page up."""
        self._page(-0.5)

    def action_page_down(self) -> None:
        """A page down."""
        self._page(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._page(-1)
