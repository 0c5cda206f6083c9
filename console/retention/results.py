"""What offers brought: numbers with their definitions at the left, saved users and revenue over time at the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.retention import telling
from console.twin import told
from widgets.outline import Line, Outline

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.retention.plots import SeriesPlot

DAYS, HORIZON = 180, 90


class Results(Horizontal):
    """Follows `days` and `horizon`; the screen says when to read."""

    def __init__(self, console: ConsoleApp, *, id: str) -> None:
        super().__init__(id=id)
        self.console = console
        self.days, self.horizon = DAYS, HORIZON
        self.answers: Mapping[str, Any] | None = None
        self.head = ""

    def compose(self) -> ComposeResult:
        yield Outline(id="numbers")
        yield Vertical(id="plots")

    @property
    def numbers(self) -> Outline:
        """The lines."""
        return self.query_one(Outline)

    def read(self) -> None:
        """Ask for everything about the days and the horizon."""
        api, days, horizon = self.console.api.retention, self.days, self.horizon
        if self.answers is None:
            self.numbers.show([Line("", "Counting …")])

        async def all() -> dict[str, Any]:
            asked = {"days": days, "horizon": horizon}
            found: dict[str, Any] = {"horizons": {}}
            for one in telling.HORIZONS:
                found["horizons"][one] = told(await api.summary(days=days, horizon=one))
            found["summary"] = found["horizons"][horizon]
            found["offers"] = told(await api.offers_performance(**asked))
            found["reasons"] = told(await api.churn_reasons(**asked))
            found["users"] = told(await api.saved_users(**asked))
            found["revenue"] = told(await api.saved_revenue(**asked))
            return found

        def failed(error: Exception) -> None:
            if self.is_attached:
                key = self.console.key_of("retry")
                self.numbers.show([Line("", f"✗ The numbers could not be read: {error} {key} tries again.")])
                self.answers = None

        self.console.calls.start(
            "count what offers brought", all, done=self._show, failed=failed, group="results", exclusive=True
        )

    def _show(self, answers: dict[str, Any]) -> None:
        if not self.is_attached:
            return
        self.answers, self.head = answers, telling.head(answers["summary"])
        self.numbers.show(telling.lines(answers))
        self.screen.show_about()  # type: ignore[attr-defined]
        self.show_plots()

    def show_plots(self) -> None:
        """Draw them, where there is room and somebody looks."""
        place = self.query_one("#plots")
        if self.answers is None or not place.display or self.console.preferences.current.linear:
            return
        from console.retention import plots

        if not place.children:
            place.mount(plots.SeriesPlot(), plots.SeriesPlot())
        currency = self.answers["summary"]["currency"]
        shown: list[SeriesPlot] = list(place.query(plots.SeriesPlot))
        drawn = ((plots.users(self.answers["users"]), "count"), (plots.revenue(self.answers["revenue"]), "money"))
        for plot, ((title, days, lines), unit) in zip(shown, drawn, strict=True):
            plot.show(title, days, lines, unit, currency)

    @property
    def start(self) -> str | None:
        """Since when runs are counted."""
        return None if self.answers is None else str(self.answers["summary"]["start"])
