"""What the queue shows: tabs, the table of cases, the preview; and what verbs act on there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.containers import Container

from console.desk.columns import Ages, chosen, queue_columns
from console.desk.filter_line import FilterLine
from console.desk.listing import SAVED, Listing
from console.desk.previews import Previews
from console.desk.saved import Saved
from console.desk.states import empty_text, first_tab, waiting_text
from console.incidences.macro import MacroScreen
from console.incidences.verbs import Target
from console.store import RESET, Update
from console.views import VIEWS
from widgets.panel import Panel
from widgets.queue_table import QueueTable
from widgets.tabs import Tab, TabStrip

TICK = 5.0
"""Seconds between looks at the clock: ages are told in minutes."""

TABS_EVERY = 0.25
"""Seconds between looks at the counts, at most."""


class Board(MacroScreen):
    """Follows the mirror. Its keys are in :class:`console.desk.queue.QueueScreen`."""

    CSS_PATH = "queue.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._marked_versions: dict[str, int] = {}
        self._tabs_wait = False
        self._waits_for = ("", "")
        self._saved_counts: dict[str, int] = {}
        self.is_tab_chosen = False
        """Whether somebody chose a tab, or the first one was chosen for them."""

    def compose_body(self) -> ComposeResult:
        self.listing = Listing({})
        self.saved = Saved(self, self._views_changed)
        self.ages = Ages(lambda: self.console.now())
        yield TabStrip(id="tabs")
        yield FilterLine()
        with Container(id="desk"):
            columns = queue_columns(self.ages, lambda: self.store.member_id)
            wanted = chosen(columns, self.console.preferences.current.columns)
            yield QueueTable(wanted, key="incidenceId", empty=self._empty, id="main")
            yield Panel(id="preview")

    @property
    def table(self) -> QueueTable:
        """The rows."""
        return self.query_one(QueueTable)

    def on_mount(self) -> None:
        """Follow the mirror, show what is in it, and look at the clock."""
        self.table.offers_all = True
        self.previews = Previews(self, self.query_one("#preview", Panel))
        self.listen("incidence", self._row_changed)
        self.listen(RESET, lambda _: self._reload())
        self.listen(RESET, lambda _: self.saved.read())
        self.listen("view", lambda _: self.saved.read())
        self.listen("counts", lambda _: self._moment_passed())
        self.set_interval(TICK, self._tick)
        self.arrange_preview()
        self._reload()
        if self.store.is_loaded:
            self.saved.read()

    def on_screen_resume(self) -> None:
        """The hand comes back to the rows."""
        if self.is_mounted and self.focused is None:
            self.table.focus()

    def on_resize(self) -> None:
        """The preview goes where there is room for it."""
        if self.is_mounted:
            self.arrange_preview()

    # -- what is shown

    def _reload(self) -> None:
        """Everything may be different."""
        self.listing.look_as(self.store.moment)
        self.table.set_rows(list(self.store.incidences.values()))
        self._waits_for = ("", "")
        if self.store.is_loaded and not self.is_tab_chosen:
            self._open_first_tab()
        self.show_list()
        self.count_saved()
        self.show_feed()

    def _open_first_tab(self) -> None:
        """Begin where there is something to do, and say what is where when that is not Mine."""
        self.is_tab_chosen = True
        key, said = first_tab(self.store.counts)
        if key != self.listing.active:
            self.show_tabs()
            self.query_one(TabStrip).choose(key)
            self.listing.active = key
        if said:
            self.console.say(said)

    def _views_changed(self, views: Mapping[str, str]) -> None:
        """Other saved views; who looks at one that is gone looks at another tab."""
        self.listing.save(views)
        self.count_saved()
        self.show_tabs()
        active = self.query_one(TabStrip).active
        if active != self.listing.active:
            self.listing.active = active
            self.show_list()

    def show_list(self) -> None:
        """Show what the active tab holds, in its order, and the cursor where it was."""
        place = self.listing.place
        sort, descending = self.listing.order()
        self.table.model.order_by(sort, descending)
        self.table.set_filter(self.listing.allows())
        if place.cursor is not None:
            self.table.move_to(place.cursor)
        self.query_one(FilterLine).put(place.filter)
        self.show_filter()
        self.show_tabs()
        self.previews.show(self.selected())

    def show_feed(self) -> None:
        """Say so in place of rows while none can be there: they are on their way, or there is no connection."""
        now = waiting_text(self.store.is_loaded, self.console.feed, self.console.key_of("retry"))
        if now == self._waits_for:
            return
        self._waits_for = role, text = now
        if role == "danger":
            self.table.show_error(text)
        elif role:
            self.table.show_loading(text)
        else:
            self.table.show_ready()

    def recheck(self) -> None:
        """Called for whatever changes what may be done; the connection is one of it."""
        super().recheck()
        if self.is_mounted:
            self.show_feed()

    def _empty(self) -> list[tuple[str, str]]:
        place = self.listing.place
        return empty_text(self.listing.active, place.filter, bool(self.store.counts["all"]))

    def _row_changed(self, update: Update) -> None:
        if update.row is not None:
            self.table.upsert([update.row])
            if update.id == self.table.cursor_key:
                self.previews.show_soon()
                self.recheck()
        self.show_tabs_soon()

    def _moment_passed(self) -> None:
        """Views of time hold other rows by now."""
        self.listing.look_as(self.store.moment)
        self.table.set_filter(self.listing.allows(), now=False)
        self.show_tabs_soon()

    def _tick(self) -> None:
        """Ages that read differently are drawn again, and nothing else is."""
        table = self.table
        first = round(table.scroll_y)
        keys = table.model.shown[first : first + table.size.height]
        stale = self.ages.stale(row for key in keys if (row := table.row(key)) is not None)
        if stale:
            table.redraw(stale)
        if table.cursor_key in stale:
            self.previews.show(self.selected())
        if self.listing.saved:
            self.count_saved()

    def count_saved(self) -> None:
        """Count the saved views; each takes a look at every row, so this is not done for every change."""
        rows = self.store.incidences
        self._saved_counts = {name: self.listing.count(name, rows) for name in self.listing.saved}
        self.show_tabs()

    def show_tabs_soon(self) -> None:
        """The counts, with the next look at them."""
        if not self._tabs_wait:
            self._tabs_wait = True
            self.set_timer(TABS_EVERY, self.show_tabs)

    def show_tabs(self) -> None:
        """The counts, as they are now."""
        self._tabs_wait = False
        counts = self.store.counts
        tabs = [
            Tab(view.key, view.title, counts[view.key], view.role if counts[view.key] else "", short=view.short)
            for view in VIEWS
        ]
        for name in self.listing.saved:
            why = self.listing.broken.get(name, "")
            tabs.append(Tab(SAVED + name, name, None if why else self._saved_counts.get(name), refusal=why))
        self.query_one(TabStrip).show(tabs)

    def show_filter(self) -> None:
        """The active tab's filter, and what comes of it."""
        place = self.listing.place
        said = "all that match are chosen" if self.table.is_all else f"{len(self.table.model)} match"
        verdict = place.problem or (said if place.filter else "")
        self.query_one(FilterLine).show(verdict, bool(place.problem))

    def arrange_preview(self) -> None:
        """Preview right from 120 columns, else below from 100, else off; `p` wins where there is room at all."""
        prefers, width = self.console.preferences.current, self.room
        wanted = "below" if prefers.linear and prefers.preview == "right" else prefers.preview
        place = "off" if width < 100 else ("below" if wanted == "right" and width < 120 else wanted)
        desk = self.query_one("#desk")
        for name in ("right", "below", "off"):
            desk.set_class(name == place, f"-{name}")
        share = max(20, min(80, prefers.preview_size))
        panel = self.query_one("#preview")
        panel.styles.width = max(36, width * share // 180) if place == "right" else None
        panel.styles.height = max(7, self.size.height * share // 150) if place == "below" else None
        self.previews.is_wanted = place != "off"
        self.previews.show(self.selected())

    # -- what verbs act on

    def selected(self) -> Mapping[str, Any] | None:
        """The row under the cursor, with the version that stands on the screen; None when it is gone."""
        if not self.is_mounted:
            return None
        key = self.table.cursor_key
        row = self.table.row(key)
        return None if row is None or key is None else row | {"version": self._version_of(str(key), row)}

    def marked(self) -> list[str]:
        """Marked ids, in the order shown."""
        return [str(key) for key in self.table.marked_keys] if self.is_mounted else []

    def targets(self) -> list[Target]:
        """The marked ones, else the selected one."""
        rows = [row for key in self.marked() if (row := self.table.row(key)) is not None]
        if not rows:
            return super().targets()
        return [Target(row["incidenceId"], row["ref"], self._version_of(row["incidenceId"], row)) for row in rows]

    def matching(self) -> Mapping[str, str] | None:
        """What the tab shows as a query, when all that match are chosen."""
        return self.listing.query() if self.is_mounted and self.table.is_all else None

    def _version_of(self, key: str, row: Mapping[str, Any]) -> int:
        """What is on the screen; for a marked row that is out of sight, what it was when it was marked."""
        displayed = self.table.displayed_version(key)
        return int(displayed or self._marked_versions.get(key) or row["version"])

    def remember_marked(self, keys: list[str]) -> None:
        """Keep the versions that marked rows had on the screen when they were marked."""
        before, self._marked_versions = self._marked_versions, {}
        for key in keys:
            if (row := self.table.row(key)) is not None:
                self._marked_versions[key] = before.get(key) or self._version_of(key, row)
