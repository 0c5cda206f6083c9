"""What the workspace of one case shows: head, story, panels, who is there; kept as the mirror goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.timer import Timer

from console.actions import BY_ID
from console.background import in_background
from console.billing.paid import Paid
from console.billing.panel import subscription
from console.customers.churn import churn
from console.customers.leaving import TOPICS, Leaving
from console.incidences.head import escalation_of, facts_of, presence_of, route_of, title_of, watched_by
from console.incidences.macro import MacroScreen
from console.incidences.panels import contents
from console.incidences.side import Side
from console.incidences.story import Story
from console.incidences.writing import Writing
from console.store import RESET, Update
from widgets.bar import Bar
from widgets.composer import Composer
from widgets.timeline import Timeline

if TYPE_CHECKING:
    from backend.agent.schemas import Dashboard
    from backend.incidences.macro_schemas import MacroPreview

BESIDE, WIDE = 100, 160
"""Columns from which the panels stand beside the story, and from which they are broad."""

TALL = 30
"""Lines from which the composer takes more than it must."""

TICK = 1.0
"""Seconds between looks at the clock: ages, and whether one still types."""

SETTLES = 0.5
"""Seconds after a change until the panels are read again, so that several changes are one question."""

_VERDICTS = {"CLOSE_RESOLVED": "solve", "REASSIGN": "assign", "ESCALATE": "escalate"}
"""Actions of the dashboard's answer -> actions of the registry."""


class Casework(MacroScreen):
    """Follows one case. Its keys are in :class:`console.incidences.workspace.IncidenceScreen`."""

    CSS_PATH = "workspace.tcss"
    family: ClassVar[str] = "incidence"
    heading: ClassVar[str] = "Incidence"

    def __init__(self, incidence_id: str, neighbours: Sequence[str] = ()) -> None:
        super().__init__()
        self.incidence_id = incidence_id
        self.neighbours = list(neighbours)
        self.case: Dashboard | None = None
        self._row: Mapping[str, Any] | None = None
        self._stop: Callable[[], None] | None = None
        self._refresh_timer: Timer | None = None
        self._is_typing = False
        self._begin_with = ""
        self._macro: MacroPreview | None = None
        self._typed_ahead = ""

    def compose_body(self) -> ComposeResult:
        yield Bar(id="case")
        yield Bar(id="route")
        with Horizontal(id="work"):
            with Vertical(id="story"):
                yield Timeline(id="main")
                # Terminals without the newer keyboard protocol send alt+enter as enter, so every key is told.
                keys = self.console.keymap.label(BY_ID["send"], self.family, every=True).replace(" ", " or ")
                yield Composer(hint=f"{keys} sends · esc leaves")
            yield Side()

    @property
    def side(self) -> Side:
        """The panels."""
        return self.query_one(Side)

    @property
    def composer(self) -> Composer:
        """Where one writes."""
        return self.query_one(Composer)

    def on_mount(self) -> None:
        """Follow the mirror and open the case."""
        self.listen("incidence", self._row_changed)
        self.listen("customer", self._customer_changed)
        self.listen("presence", self._somebody_moved)
        for subject in ("subscription", "subscription_change"):
            self.listen(subject, lambda update: self.paid.happened(update))
        for subject in TOPICS:
            self.listen(subject, lambda update: self.leaving.happened(update))
        self.listen("rules", lambda _: self._read_panels())  # what one may do, and friction, follow the rules in force
        self.listen(RESET, lambda _: self._load())
        self.set_interval(TICK, self._tick)
        self.fit()
        self.show_case(self.incidence_id)

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        if self._stop is not None:
            self._stop()
        self._be_at(None)

    def on_screen_resume(self) -> None:
        """In front again."""
        self._be_at(self.incidence_id)

    def on_screen_suspend(self) -> None:
        """Behind a question one is still here; behind another family not."""
        if self.app.current_mode and self not in self.app.screen_stack:
            self._be_at(None)

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self.fit()

    def fit(self) -> None:
        """Beside the story where there is room, else instead of it."""
        is_narrow = self.room < BESIDE or self.console.preferences.current.linear
        self.set_class(is_narrow, "-narrow")
        self.set_class(self.room >= WIDE and not is_narrow, "-wide")
        self.set_class(self.size.height < TALL, "-short")

    # -- one case

    def show_case(self, incidence_id: str) -> None:
        """Leave the case that is shown, if any, and open this one."""
        if self._stop is not None:
            self._stop()
        self.incidence_id, self.case = incidence_id, None
        self._row = self.store.incidences.get(incidence_id)
        timeline = self.query_one(Timeline)
        self.story = Story(self, timeline, incidence_id)
        self.writing = Writing(self, self.composer, self.story)
        whose = lambda: self._customer_of(incidence_id)  # noqa: E731 - asked for each time
        self.paid = Paid(self, whose, self.show_panels, incidence_id)
        self.leaving = Leaving(self, whose, self.show_panels)
        self._stop = self.store.listen(f"timeline:{incidence_id}", self._happened)
        timeline.show([])
        timeline.show_loading()
        self.side.show_loading()
        self.writing.begin()
        self.show_head()
        self._be_at(incidence_id)
        self._load()
        self.recheck()

    def begin_macro(self, row: Mapping[str, Any], macro: MacroPreview) -> None:
        """Put a macro's reply into the composer, as soon as the case is there."""
        if row["incidenceId"] == self.incidence_id:
            self._macro = macro
            if self.case is not None:
                self._use_macro()

    def _use_macro(self) -> None:
        macro, self._macro = self._macro, None
        if macro is not None:
            self.remove_class("-side")
            self.writing.use(macro)

    def is_showing(self, incidence_id: str) -> bool:
        """Whether the screen is still there with that case: answers may come after one has gone on."""
        return self.is_attached and self.is_running and incidence_id == self.incidence_id

    def _customer_of(self, incidence_id: str) -> str:
        """Whose case it is; empty until it was read, and once another one is shown."""
        return self.case.user_details.id if self.case is not None and self.is_showing(incidence_id) else ""

    def _load(self) -> None:
        """Read the whole case."""
        id, api = self.incidence_id, self.console.api

        def done(case: Dashboard) -> None:
            if not self.is_showing(id):
                return
            draft = self.writing.draft
            self._show_panels(case)
            self.paid.read()
            self.leaving.read()
            self.story.begin(case.timeline, draft.base_seq if draft else None)
            self.recheck()
            self._begin()
            self._use_macro()

        def failed(error: Exception) -> None:
            if self.is_showing(id):
                self._begin()
                retry = self.console.key_of("retry")
                self.query_one(Timeline).show_error(f"This case could not be read. {retry} tries again, esc goes back.")
                self.side.show_error(str(error))

        self.console.calls.start(
            "open the incidence",
            lambda: api.agent.dashboard(id),
            done=done,
            failed=failed,
            group="case",
            exclusive=True,
        )

    def takes(self, event: Key) -> bool:
        """What is typed between the key that begins a reply and the case that it is for is text, and no verb."""
        if not self._begin_with:
            return False
        if event.key == "escape":
            self._begin_with = self._typed_ahead = ""
        elif event.key == "backspace":
            self._typed_ahead = self._typed_ahead[:-1]
        elif event.key == "enter":
            self._typed_ahead += "\n"
        elif event.is_printable:
            self._typed_ahead += event.character or ""
        else:
            return False
        return True

    def _begin(self) -> None:
        """Write, if that is what the case was opened for, with what was typed meanwhile."""
        mode, text = self._begin_with, self._typed_ahead
        self._begin_with = self._typed_ahead = ""
        if mode:
            self.writing.open("note" if mode == "note" else "reply")
            self.composer.insert(text)

    def _read_panels(self) -> None:
        self._refresh_timer = None
        id, api = self.incidence_id, self.console.api
        if self.console.is_online:
            self.console.calls.start(
                "read the panels",
                lambda: api.agent.dashboard(id),
                done=lambda case: self._show_panels(case) if self.is_showing(id) else None,
                group="panels",
                exclusive=True,
            )

    def _show_panels(self, case: Dashboard) -> None:
        revealed = self.case.user_details if self.case and self.case.user_details.is_revealed else None
        self.case = case
        if revealed is not None and revealed.id == case.user_details.id:
            case.user_details.email, case.user_details.phone = revealed.email, revealed.phone
            case.user_details.is_revealed = True
        row = case.incidence.model_dump(mode="json", by_alias=True)
        if self._row is None or self._row["version"] <= row["version"]:
            self._row = row
        self.show_panels()
        self.show_head()

    def show_panels(self) -> None:
        """Draw what the dashboard said."""
        if self.case is not None:
            now = self.console.now()
            leaving = churn(self.leaving.held, self.leaving.trouble, now)
            paid = subscription(self.paid.held, self.paid.trouble, now)
            self.side.show(contents(self.case, leaving, paid, now))

    def written(self) -> None:
        """What was written is sent."""

    def show_head(self) -> None:
        """The two lines above the story."""
        row, now = self._row, self.console.now()
        if row is None:
            self.query_one("#case", Bar).show([(" Loading …", "muted")], "", "")
            return
        me = self.store.member_id
        self.query_one("#case", Bar).show(title_of(row, self.place), "", facts_of(row, me, now))
        presence = presence_of(self.store.presence.get(self.incidence_id, ()), me)
        opens = self.case.sla.counts_from if self.case is not None and self.case.sla is not None else None
        about = [*escalation_of(row, self.name_of, now), *watched_by(row, me, self.name_of)]
        self.query_one("#route", Bar).show([*route_of(row, now, opens), *about], "", presence)
        self.writing.dress()

    @property
    def place(self) -> str:
        """Where it stands among its neighbours: `3/40`."""
        if self.incidence_id not in self.neighbours:
            return ""
        return f"{self.neighbours.index(self.incidence_id) + 1}/{len(self.neighbours)}"

    def selected(self) -> Mapping[str, Any] | None:
        """The case as it stands in the head."""
        return self._row

    def verdicts(self) -> Mapping[str, str]:
        """What the server would refuse, as long as it said so about this version."""
        known = dict(super().verdicts())
        if self.case is None or not self.story.deliveries.failed:
            known["resend"] = "Nothing failed: every answer was delivered, or is on its way."
        if self.case is None or self._row is None or self.case.incidence.version != self._row["version"]:
            return known
        refused = (verdict for verdict in self.case.actions if not verdict.allowed and verdict.type in _VERDICTS)
        return known | {
            _VERDICTS[verdict.type]: verdict.reason or "The server does not allow it." for verdict in refused
        }

    # -- what happens

    def _row_changed(self, update: Update) -> None:
        if update.id == self.incidence_id and update.row is not None:
            before, self._row = self._row, update.row
            into = update.row.get("mergedInto")
            if into and before is not None and not before.get("mergedInto"):
                self.console.say(f"{update.row['ref']} is part of {into['ref']} now; you are there, with your draft.")
                self.show_case(into["incidenceId"])
                return
            self.show_head()
            self.recheck()

    def _customer_changed(self, update: Update) -> None:
        if self._row is not None and update.id == self._row["customer"]["id"]:
            self._read_panels_soon()

    def _somebody_moved(self, update: Update) -> None:
        if update.id == self.incidence_id:
            self.show_head()

    def _happened(self, update: Update) -> None:
        if update.frame is None:
            return
        if update.frame["type"] in ("incidence.absorbed", "incidence.released"):  # other stories are in it now
            self.story.frames.clear()
            self._load()
            return
        self.story.add(update.frame)
        if update.frame["type"].startswith("outgoing."):
            self.recheck()
        self._read_panels_soon()

    def _read_panels_soon(self) -> None:
        if self._refresh_timer is None:
            self._refresh_timer = self.set_timer(SETTLES, self._read_panels)

    def _tick(self) -> None:
        self.show_head()
        is_typing = self.writing.is_typing
        if is_typing != self._is_typing:
            self._be_at(self.incidence_id, is_typing=is_typing)

    def _be_at(self, incidence_id: str | None, *, is_typing: bool = False) -> None:
        """Tell colleagues where one is."""
        self._is_typing = is_typing
        if self.console.session is not None:
            live = self.console.session.live
            doing = "typing" if is_typing else "viewing"
            in_background(self.app, live.be_at, incidence_id, doing, group="presence", exclusive=True)
