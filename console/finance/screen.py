"""Finance (`g f`): tiles, trends, readiness with its levers, recommendations, and the Stripe connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from console.actions import ROLES, Action
from console.analytics.going import GoingAbout
from console.desk import ages
from console.finance import words
from console.finance.connecting import Connecting
from console.store import RESET
from console.twin import told
from widgets.outline import Line, Outline
from widgets.panel import Panel
from widgets.plain import plain
from widgets.prompt import Choice, Option
from widgets.tabs import Tab, TabStrip
from widgets.tiles import Tiles

Row = Mapping[str, Any]
OVERVIEW, TRENDS, READINESS, ADVICE, STRIPE = "overview", "trends", "readiness", "recommendations", "stripe"
TABS = (
    Tab(OVERVIEW, "Overview"),
    Tab(TRENDS, "Trends"),
    Tab(READINESS, "Readiness"),
    Tab(ADVICE, "Recommendations", short="Advice"),
    Tab(STRIPE, "Stripe"),
)
GRID = 100
"""Columns from which numbers stand as tiles."""
TALL = 32
"""Lines from which the trend of the number under the cursor stands below the tiles."""
TICK = 60.0
"""Seconds between looks: no event tells that a number moved."""
_ASKED = {"advice_accept": "accepted", "advice_dismiss": "dismissed"}


class FinanceScreen(Connecting, GoingAbout):
    """Five tabs over one reading."""

    family: ClassVar[str] = "finance"
    heading: ClassVar[str] = "Finance"
    CSS_PATH = "screen.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._metric = words.READINESS
        self._metrics: Row = {}
        self._readiness: Row = {}
        self._history: list[Row] = []
        self._scores: list[Row] = []
        self._advice: dict[str, Row] = {}
        self.account: Row | None = None

    def compose_body(self) -> ComposeResult:
        yield TabStrip(TABS, id="tabs")
        yield Static(id="span", markup=False)
        yield Tiles(id="main")
        yield Vertical(id="plot")
        yield Outline(id="lines")
        with VerticalScroll(id="page"):
            yield Panel(id="text")
        yield Panel(id="about")

    @property
    def business_id(self) -> str:
        """Whose numbers they are."""
        session = self.console.session
        return session.me.business.id if session else ""

    @property
    def is_admin(self) -> bool:
        """Whether the account is for these eyes."""
        return ROLES.index(self.console.role) >= ROLES.index("admin")

    def on_mount(self) -> None:
        """Read, follow what is told, and look again from time to time."""
        super().on_mount()
        for topic in ("readiness", "recommendation", "stripe_account", "business", RESET):
            self.listen(topic, lambda _: self.read())
        self.set_interval(TICK, self.read_when_in_front)
        self.query_one(Tiles).show_notice("Reading the numbers …", "muted")
        self._fit()
        self.read()

    def on_screen_resume(self) -> None:
        """In front again: much may have happened."""
        super().on_screen_resume()
        if self.is_mounted and self._metrics:
            self.read()

    def on_resize(self) -> None:
        """Other room, another arrangement."""
        if self.is_mounted:
            self._fit()
            self._show()

    def _fit(self) -> None:
        tab = self.tab
        self.query_one(Tiles).as_list(self.is_linear or self.room < GRID)
        is_page = tab == STRIPE or (tab == TRENDS and self.is_linear)
        is_lines = tab in (READINESS, ADVICE)
        is_drawn = tab == TRENDS or (tab == OVERVIEW and self.size.height >= TALL)
        is_plot = is_drawn and not self.is_linear
        self.set_class(is_plot and tab == OVERVIEW, "-tall")
        shown = {"#main": tab == OVERVIEW, "#plot": is_plot, "#page": is_page, "#lines": is_lines}
        for selector, is_shown in shown.items():
            self.query_one(selector).display = is_shown
        self.query_one("#about").display = tab in (OVERVIEW, TRENDS, ADVICE)
        focused: Any = self.query_one("#page") if is_page else self.query_one(Outline if is_lines else Tiles)
        self.hand_to(focused)
        self.recheck()

    # -- reading

    def read(self) -> None:
        """Ask for everything that the tabs show."""
        api, business, is_admin = self.console.api, self.business_id, self.is_admin

        async def all() -> dict[str, Any]:
            return {
                "metrics": told(await api.finance.metrics(business)),
                "history": told(await api.finance.metric_history(business, by="day")),
                "readiness": told(await api.finance.readiness(business)),
                "scores": told(await api.finance.readiness_history(business, by="day")),
                "advice": told(await api.finance.recommendations(business, limit=200)),
                "stripe": told(await api.stripe.show(business)) if is_admin else None,
            }

        self.fetch("read the numbers", all, self._keep)

    def failed(self, error: Exception) -> None:
        """In place of the numbers, if there are none yet."""
        if not self.is_attached or self._metrics:
            return  # what is shown is not gone; the toast says that it may be old
        text = f"✗ The numbers could not be read: {error} {self.console.key_of('retry')} tries again."
        self.query_one(Tiles).show_notice(text, "danger")
        self.query_one("#text", Panel).show_error(text)
        self.query_one(Outline).show([Line("", text)])

    def _keep(self, answer: dict[str, Any]) -> None:
        self._metrics, self._readiness = answer["metrics"], answer["readiness"]
        self._history, self._scores = answer["history"]["items"], answer["scores"]["items"]
        self._advice = {one["id"]: one for one in answer["advice"]["items"]}
        self.note_account(answer["stripe"])
        pending = sum(one["status"] == "pending" for one in self._advice.values())
        tabs = [replace(tab, count=pending or None) if tab.key == ADVICE else tab for tab in TABS]
        self.query_one(TabStrip).show(tabs)
        self._show()

    # -- showing

    def _show(self) -> None:
        if not self._metrics:
            return
        self._show_span()
        self.query_one(Tiles).show(words.tiles(self._metrics, self._history, self._readiness, self._scores))
        match self.tab:
            case "trends" | "overview":
                self._show_trend()
            case "readiness":
                self.query_one(Outline).show(words.readiness_lines(self._readiness))
            case "recommendations":
                self.query_one(Outline).show(words.recommendation_lines([*self._advice.values()]))
            case "stripe":
                self.show_account()
        self._show_about()
        self.recheck()

    def _show_span(self) -> None:
        metrics, now = self._metrics, self.console.now()
        parts = [f"{_days(metrics)} days to now", metrics["currency"], metrics["zone"]]
        if metrics["syncedAt"]:
            parts.append(f"Stripe read {ages.since(metrics['syncedAt'], now)} ago")
        else:
            parts.append("Stripe was not read yet")
        parts.append(f"readiness rules v{self._readiness['ruleVersion']}")
        self.query_one("#span", Static).update(Content(plain(" " + " · ".join(parts))))

    def _show_about(self) -> None:
        panel, now = self.query_one("#about", Panel), self.console.now()
        if self.tab == ADVICE:
            one = self.advice()
            if one is None:
                panel.show((), (), title="")
            else:
                pairs, lines = words.recommendation(one, now)
                panel.show(pairs, lines, title=one["title"])
        elif self._metrics:
            title, pairs, lines = words.about(self._metric, self._metrics, self._readiness, now)
            panel.show(pairs, lines, title=title)

    def _show_trend(self) -> None:
        if not self.query_one("#plot").display and self.tab == OVERVIEW:
            return
        title, unit, points = self._series()
        if self.is_linear:
            lines: list[Any] = [f"{at:%Y-%m-%d}  {words.value(number, unit, self._currency)}" for at, number in points]
            self.query_one("#text", Panel).show((), lines or ["Nothing was kept yet."], title=title)
            return
        scaled = [None if number is None else number * (100 if unit == "percent" else 1) for _, number in points]
        shown = [at.date() for at, _ in points]
        if shown:
            from console.retention.plots import SeriesPlot

            plot = self.plot(SeriesPlot)
            plot.show(title, shown, [(title, "accent", scaled)], unit, self._currency)

    @property
    def _currency(self) -> str:
        return str(self._metrics["currency"])

    def _series(self) -> tuple[str, str, list[tuple[datetime, float | None]]]:
        """Title, unit and points of the metric that is looked at."""
        if self._metric == words.READINESS:
            scores: list[tuple[datetime, float | None]] = [
                (_at(one["calculatedAt"]), one["score"]) for one in self._scores
            ]
            return "Readiness, day by day", "count", scores
        title, unit, _ = words.METRICS[self._metric]
        kept = [(_at(one["at"]), one[self._metric]) for one in self._history]
        return f"{title} of {_days(self._metrics)} days, day by day", unit, kept

    # -- going about

    @on(Tiles.Highlighted)
    def _cursor_moved(self, event: Tiles.Highlighted) -> None:
        self._metric = event.key
        if self._metrics:
            self._show_about()
            self._show_trend()

    @on(Tiles.Opened)
    def action_look_closer(self) -> None:
        """What makes the readiness, or the trend of another number."""
        self.query_one(TabStrip).choose(READINESS if self._metric == words.READINESS else TRENDS)

    @on(OptionList.OptionSelected)
    def _line_opened(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        fact = self.query_one(Outline).key.partition(":")[2]
        if self.tab == READINESS and (name := words.OF_FACTS.get(fact)):
            self._choose(name)
            self.query_one(TabStrip).choose(TRENDS)

    @on(OptionList.OptionHighlighted)
    def _line_moved(self) -> None:
        if self.tab == ADVICE:
            self._show_about()
            self.recheck()

    @on(TabStrip.TabSelected)
    def _tab_selected(self) -> None:
        self._fit()
        self._show()

    def step_metric(self, by: int) -> None:
        """The metric that many places on, round at the ends."""
        names = [words.READINESS, *words.METRICS]
        self._choose(names[(names.index(self._metric) + by) % len(names)])

    def _choose(self, name: str) -> None:
        self._metric = name
        self.query_one(Tiles).move_to([words.READINESS, *words.METRICS].index(name))
        self._show()

    def action_metric(self, name: str = "") -> None:
        """Another metric: the one named, or one of a list."""
        names = [words.READINESS, *words.METRICS]
        if name:
            known = {one.lower(): one for one in names}.get(name.lower().replace("_", ""))
            if known is None:
                self.console.say(f"There is no metric {name!r}.", "warning")
            else:
                self._choose(known)
            return
        options = [Option(words.READINESS, "Readiness"), *(Option(key, one[0]) for key, one in words.METRICS.items())]
        self.app.push_screen(Choice("Metric", options), lambda key: self._choose(key) if key else None)

    def action_read_again(self) -> None:
        """Everything as it is now."""
        self.read()

    # -- recommendations

    def advice(self) -> Row | None:
        """The recommendation under the cursor."""
        if not self.is_mounted or self.tab != ADVICE:
            return None
        return self._advice.get(self.query_one(Outline).key.removeprefix(words.RECOMMENDATION))

    def verdicts(self) -> Mapping[str, str]:
        """What is pending can be decided; the account is connected or not."""
        if not self.is_mounted:
            return {}
        one, refused = self.advice(), self.account_verdicts()
        if one is None:
            refused |= dict.fromkeys(_ASKED, "There is no recommendation under the cursor.")
        elif one["status"] != "pending":
            refused |= dict.fromkeys(_ASKED, f"It is {words.STATUSES[one['status']]}.")
        return refused

    def tells_of(self, action: Action) -> bool:
        """The keys of a tab where it is in front."""
        if action.id in _ASKED:
            return self.tab == ADVICE
        if action.id == "look_closer":
            return self.tab == OVERVIEW
        return action.id not in ("stripe_connect", "stripe_disconnect", "stripe_sync") or self.tab == STRIPE

    def action_advice_accept(self) -> None:
        """It will be followed."""
        self._decide("advice_accept")

    def action_advice_dismiss(self) -> None:
        """It is not wanted."""
        self._decide("advice_dismiss")

    def _decide(self, verb: str) -> None:
        from backend.finance.schemas import RecommendationChange

        one, api = self.advice(), self.console.api
        if one is None:
            return
        status: Any = _ASKED[verb]
        body = RecommendationChange(version=one["version"], status=status)

        def done(answer: Any) -> None:
            self._advice[answer.id] = told(answer)
            silent = "" if status == "accepted" else "; it does not come back for a while"
            self.console.say(f"“{one['title']}” is {status}{silent}.")
            if self.is_attached:
                self._show()

        what = f"{verb.removeprefix('advice_')} “{one['title']}”"
        self.console.calls.start(what, lambda: api.finance.decide(one["id"], body), done=done)


def _days(metrics: Row) -> int:
    return round((_at(metrics["end"]) - _at(metrics["start"])).total_seconds() / 86_400)


def _at(instant: str) -> datetime:
    return datetime.fromisoformat(instant)
