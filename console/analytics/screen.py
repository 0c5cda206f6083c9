"""Analytics: the numbers of some days beside as many days before, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from console.analytics import business, saving, telling
from console.analytics.going import GoingAbout
from console.analytics.rows import RowsScreen
from console.twin import told
from widgets.panel import Panel
from widgets.plain import plain
from widgets.prompt import Choice, Option
from widgets.tabs import Tab, TabStrip
from widgets.tiles import Tiles

if TYPE_CHECKING:
    from backend.analytics.schemas import What

TABS = (
    Tab("overview", "Overview"),
    Tab("trends", "Trends"),
    Tab("friction", "Friction report", short="Friction"),
    Tab("cost", "Cost"),
    Tab("business", "Business"),
)
_EXPORTED: dict[str, What] = {"overview": "kpis", "trends": "trend", "friction": "friction", "cost": "cost"}
_OF_TABLES = {"friction": ("friction_reasons", "Friction reasons"), "cost": ("service_cost", "Cost of service")}
GRID = 100
"""Columns from which numbers stand as tiles."""
TALL = 40
"""Lines from which the trend of the number under the cursor stands below the tiles."""
SOON = 0.05
"""Seconds to wait for another key before the server is asked."""
STALE = 60.0
"""Seconds after which the numbers in front are read again."""


class AnalyticsScreen(GoingAbout):
    """Four tabs over the same days."""

    family: ClassVar[str] = "analytics"
    heading: ClassVar[str] = "Analytics"
    CSS_PATH = "screen.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._metric, self._by = "self_serve_conversion", "day"
        self._kpis: dict[str, Mapping[str, Any]] = {}
        self._currency = ""
        self._listed: list[Option] = []
        """What the table in front has rows of."""
        self._soon: Timer | None = None
        self._trend_soon: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield TabStrip(TABS, id="tabs")
        yield Static(id="span", markup=False)
        yield Tiles(id="main")
        yield Vertical(id="plot")
        with VerticalScroll(id="page"):
            yield Panel(id="text")
        yield Panel(id="about")

    def on_mount(self) -> None:
        """Read the numbers, and read them again from time to time."""
        super().on_mount()
        self.set_interval(STALE, self.read_when_in_front)
        self._fit()

    def on_screen_resume(self) -> None:
        """In front again: much may have happened."""
        super().on_screen_resume()
        if self.is_mounted:
            self.read()

    def on_resize(self) -> None:
        """Other room, another arrangement."""
        if self.is_mounted:
            self._fit()
            self._read_trend_below()

    def _fit(self) -> None:
        tab = self.tab
        self.query_one(Tiles).as_list(self.is_linear or self.room < GRID)
        is_page = tab in ("friction", "cost", "business") or (tab == "trends" and self.is_linear)
        is_below = tab == "overview" and self.size.height >= TALL and not self.is_linear
        self.set_class(is_below, "-tall")
        is_plot = is_below or (tab == "trends" and not is_page)
        shown = {"#main": tab == "overview", "#plot": is_plot, "#page": is_page}
        for selector, is_shown in shown.items():
            self.query_one(selector).display = is_shown
        self.query_one("#about").display = tab in ("overview", "trends")
        self.hand_to(self.query_one("#page") if is_page else self.query_one(Tiles))

    # -- reading

    def read(self) -> None:
        """Ask for what the tab in front shows, once for however many keys in a row."""
        self._show_span(None)
        if self._soon is None:
            self._soon = self.set_timer(SOON, self._read_now)

    def _read_now(self) -> None:
        self._soon = None
        days, api = self.days, self.console.api.analytics
        match self.tab:
            case "trends":
                self._read_trend()
                if not self._kpis:
                    self.fetch("read the numbers", lambda: api.kpis(days.first, days.last), self._keep, group="kpis")
            case "friction":
                self.fetch("read the friction report", self._both_reports, self._show_friction)
            case "cost":
                self.fetch("read the cost", lambda: api.cost(days.first, days.last), self._show_cost)
            case "business":
                both = lambda: business.read(self.console.api, self._by)  # noqa: E731
                self.fetch("read how the business stands", both, self._show_business)
            case _:
                self.fetch("read the numbers", lambda: api.kpis(days.first, days.last), self._show_kpis)
                self._read_trend_below()

    def _read_trend(self) -> None:
        self._trend_soon = None
        days, api = self.days, self.console.api.analytics
        ask = lambda: api.trend(self._metric, days.first, days.last, by=self._by)  # noqa: E731
        self.fetch("read the trend", ask, self._show_trend, group="trend")

    def _read_trend_below(self) -> None:
        """The trend below the tiles, where there is room, once for however many tiles in a row."""
        if self.has_class("-tall") and self._trend_soon is None:
            self._trend_soon = self.set_timer(SOON, self._read_trend)

    async def _both_reports(self) -> tuple[Any, Any]:
        api = self.console.api.analytics
        return await api.friction_report(self.days.first, self.days.last), await api.friction_reports(limit=5)

    def failed(self, _error: Exception) -> None:
        """In place of the numbers."""
        text = f"The numbers could not be read. {self.console.key_of('retry')} tries again."
        self.query_one(Tiles).show_notice(text, "danger")
        self.query_one("#text", Panel).show_error(text)
        self._kpis = {}

    # -- showing

    def _show_span(self, answer: Mapping[str, Any] | None) -> None:
        if self.tab == "business":
            self.query_one("#span", Static).update(Content(f" now, and by the {business.span_of(self._by)}"))
            return
        zone = f" · {answer['zone']}" if answer else ""
        against = f" · against the {self.days.count} before" if self.tab != "cost" and self.tab != "trends" else ""
        by = f" · by {self._by}" if self.tab == "trends" else ""
        self.query_one("#span", Static).update(Content(plain(f" {self.days}{zone}{against}{by}")))

    def _keep(self, answer: Any) -> None:
        data = told(answer)
        self._currency = data["currency"]
        self._kpis = {kpi["name"]: kpi for kpi in data["kpis"]}
        self._show_about()

    def _show_kpis(self, answer: Any) -> None:
        data = told(answer)
        self._show_span(data)
        self.query_one(Tiles).show(telling.tiles(data))
        self._keep(answer)
        self.recheck()

    def _show_about(self) -> None:
        kpi = self._kpis.get(self._metric)
        if kpi is not None:
            pairs, lines = telling.about(kpi, self._currency)
            self.query_one("#about", Panel).show(pairs, lines, title=kpi["label"])

    def _show_trend(self, answer: Any) -> None:
        if self.tab not in ("overview", "trends"):
            return
        data = told(answer)
        if self.tab == "trends":
            self._show_span(data)
        self._show_about()
        if self.is_linear:
            self.query_one("#text", Panel).show((), telling.points(data), title=data["label"])
        else:
            from console.analytics.plot import TrendPlot

            self.plot(TrendPlot).show(data)

    def _show_friction(self, answer: tuple[Any, Any]) -> None:
        report, kept = told(answer[0]), told(answer[1])
        self._show_span(report)
        self._listed = [
            Option(one["category"], one["category"], f"{one['cases']:,} cases") for one in report["topFrictionReasons"]
        ]
        title = f"Friction report · {report['cases']:,} cases"
        version = f"feedback rules v{report['feedbackVersion']}"
        lines = telling.friction(report, kept["items"])
        self.query_one("#text", Panel).show((), lines, title=title, freshness=version)

    def _show_cost(self, answer: Any) -> None:
        data = told(answer)
        self._show_span(data)
        self._listed = [
            Option(one["channel"], one["channel"], f"{one['contacts']:,} contacts")
            for one in data["channels"]
            if one["channel"]
        ]
        version = f"cost rules v{data['costVersion']}"
        self.query_one("#text", Panel).show((), telling.cost(data), title="Cost of service", freshness=version)

    def _show_business(self, answer: tuple[Any, Any]) -> None:
        self._listed = []
        self.query_one("#text", Panel).show((), business.lines(told(answer[0]), told(answer[1])), title="Business")

    @on(Tiles.Highlighted)
    def _cursor_moved(self, event: Tiles.Highlighted) -> None:
        self._metric = event.key
        self._show_about()
        self._read_trend_below()

    @on(TabStrip.TabSelected)
    def _tab_selected(self) -> None:
        self._fit()
        self.read()

    def step_metric(self, by: int) -> None:
        """The metric that many places on, round at the ends."""
        names = list(self._kpis)
        if names:
            self._choose_metric(names[(names.index(self._metric) + by) % len(names)])

    def _choose_metric(self, name: str) -> None:
        self._metric = name
        self.query_one(Tiles).move_to(list(self._kpis).index(name))
        self._show_about()
        if self.tab == "trends":
            self.read()

    # -- what can be done

    def action_by(self, by: str) -> None:
        """The trend by the hour, the day or the week."""
        self._by = by
        if self.tab in ("trends", "business"):
            self.read()
        else:
            self.query_one(TabStrip).choose("trends")

    def action_metric(self, name: str = "") -> None:
        """Another metric: the one named, or one of a list."""
        if name in self._kpis:
            self._choose_metric(name)
            return
        if name:
            self.console.say(f"There is no metric {name!r}.", "warning")
            return
        options = [Option(key, kpi["label"], kpi["definition"][:60]) for key, kpi in self._kpis.items()]

        def chosen(key: str | None) -> None:
            if key is not None:
                self._choose_metric(key)

        self.app.push_screen(Choice("Metric", options), chosen)

    def action_rows(self) -> None:
        """What is behind the number under the cursor, or behind one of a table."""
        kpi = self._kpis.get(self._metric)
        if self.tab in _OF_TABLES:
            metric, label = _OF_TABLES[self.tab]

            def chosen(key: str | None) -> None:
                if key is not None:
                    self.app.push_screen(RowsScreen(metric, f"{label}: {key}", self.days, key))

            if self._listed:
                self.app.push_screen(Choice(f"Rows of {label.lower()}", self._listed), chosen)
        elif kpi is not None:
            self.app.push_screen(RowsScreen(self._metric, kpi["label"], self.days))

    @on(Tiles.Opened)
    def _opened(self) -> None:
        self.action_rows()

    def action_read_again(self) -> None:
        """The numbers as they are now."""
        self.read()

    def action_export(self, format: str) -> None:
        """Write what is shown to a file, and say where."""
        what = _EXPORTED.get(self.tab)
        if what is None:
            self.console.say("Write it to a file with `holdfast dashboard chart --json`.", "warning")
            return
        metric = self._metric if what == "trend" else None
        saving.export(self.console, what, self.days, format, metric=metric, by=self._by)
