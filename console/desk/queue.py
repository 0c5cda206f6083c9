"""The Queue: what its keys do. What it shows is in `console.desk.board`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on

from console.actions import Action
from console.desk.board import Board
from console.desk.filter_line import FilterLine
from console.desk.listing import SAVED
from console.frame.command import CommandLine
from console.frame.tabbed import Tabbed
from console.incidences.verbs import Target
from console.preferences import PREVIEWS
from widgets.queue_messages import HeaderClicked, MarksChanged, Opened
from widgets.queue_table import QueueTable
from widgets.tabs import TabStrip

if TYPE_CHECKING:
    from backend.incidences.macro_schemas import MacroPreview

SORTS = {"slaDueAt": "sla", "orderValue": "value", "frictionScore": "friction", "ref": "created", "status": "updated"}
"""Columns whose title orders by them when it is clicked; the others bring the queue's own order back."""

STEP = 5
"""Percent by which the preview grows and shrinks."""


class QueueScreen(Board, Tabbed):
    """Every verb acts on the marked rows, or on the row under the cursor, as they stand on the screen."""

    family: ClassVar[str] = "queue"
    heading: ClassVar[str] = "Queue"

    # -- opening

    def open_row(self, id: str, write: str = "") -> None:
        """Open a case; J and K walk the order that is shown here. `write` is reply or note: to begin with that."""
        self.console.open_incidence(id, [str(key) for key in self.table.model.shown])
        begin = getattr(self.app.screen, "begin_writing", None)
        if write and begin is not None:
            begin(write)

    def action_open(self, ref: str = "") -> None:
        """The one named, else the one under the cursor."""
        if not ref:
            self.table.action_open()
        elif (row := self.store.find(ref)) is not None:
            self.open_row(row["incidenceId"])
        else:
            api = self.console.api
            self.console.calls.start(
                f"find {ref}",
                lambda: api.incidences.show(ref),
                done=lambda answer: self.open_row(self.keep(answer)["incidenceId"]),
            )

    def action_reply(self) -> None:
        """Open it and write to the customer."""
        if (row := self.selected()) is not None:
            self.open_row(row["incidenceId"], "reply")

    def action_note(self, text: str = "") -> None:
        """A note on the row at once, or open it and write one."""
        row = self.selected()
        if row is None:
            return
        if not text:
            self.open_row(row["incidenceId"], "note")
        else:
            self.add_note(row, text)

    def begin_macro(self, row: Mapping[str, Any], macro: MacroPreview) -> None:
        """Open the case, and put the macro's reply there."""
        self.open_row(row["incidenceId"])
        begin = getattr(self.app.screen, "begin_macro", None)
        if begin is not None:
            begin(row, macro)

    def show_claimed(self, row: Mapping[str, Any]) -> None:
        """Open it: it is to be worked on now."""
        self.open_row(row["incidenceId"])

    def follow(self, incidence_id: str) -> None:
        """The cursor goes where the hand went."""
        self.table.move_to(incidence_id)

    # -- finding

    def action_filter(self, text: str = "") -> None:
        """Write the filter of this tab, or set it to what was given."""
        if text:
            self._set_filter(text)
        else:
            self.query_one(FilterLine).open()

    def action_sort(self, sort: str = "") -> None:
        """Another order for this tab."""
        self.listing.place.sort = sort or "queue"
        self.show_list()

    def action_save_view(self, name: str = "") -> None:
        """Keep the filter of this tab as a tab of its own."""
        place, name = self.listing.place, name.strip()
        if not place.filter.strip() or place.problem:
            self.console.say("Filter the tab first (/); the filter becomes the view.", "warning")
        elif name:
            self.saved.keep(name, place.filter, lambda: self.query_one(TabStrip).choose(SAVED + name))

    def action_drop_view(self, name: str = "") -> None:
        """Take a saved view away: the one named, else the one that is shown."""
        name = name.strip() or self.listing.active.removeprefix(SAVED)
        if name not in self.listing.saved:
            self.console.say("That is no saved view.", "warning")
            return
        self.saved.drop(name)

    # -- the screen itself

    def action_preview(self) -> None:
        """Right, below, off."""
        now = self.console.preferences.current.preview
        self._prefer(preview=PREVIEWS[(PREVIEWS.index(now) + 1) % len(PREVIEWS)])
        if self.room < 100:
            self.console.say("The preview needs 100 columns.", "warning")

    def action_larger(self) -> None:
        """More room for the preview."""
        self._prefer(preview_size=min(80, self.console.preferences.current.preview_size + STEP))

    def action_smaller(self) -> None:
        """Less room for the preview."""
        self._prefer(preview_size=max(20, self.console.preferences.current.preview_size - STEP))

    def _prefer(self, **values: Any) -> None:
        with self.console.guard("keep the settings"):
            self.console.preferences.change(**values)
        self.arrange_preview()

    def action_show_new(self) -> None:
        """Let in what waits."""
        self.table.action_apply_pending()

    def action_back(self) -> None:
        """Command line, marks, filter: one layer at a time."""
        if self.query_one(CommandLine).is_open:
            super().action_back()
        elif self.table.marked_keys or self.table.model.anchor is not None:
            self.table.clear_marks()
        elif self.listing.place.filter:
            self._set_filter("")
        else:
            self.set_focus(self.table)

    def bulk_done(self, failed: list[Target]) -> None:
        """Those that were refused stay marked."""
        self.table.clear_marks()
        self.table.model.mark([target.id for target in failed])
        self.table.redraw()

    async def perform(self, action: Action, value: str = "", *, is_agreed: bool = False) -> None:
        """A key is a hand: rows stay where they are for a while."""
        if self.is_mounted:
            self.table.touch()
        await super().perform(action, value, is_agreed=is_agreed)

    # -- messages

    @on(QueueTable.Highlighted)
    def _cursor_moved(self) -> None:
        key = self.table.cursor_key
        self.listing.place.cursor = None if key is None else str(key)
        self.previews.show(self.selected())
        self.recheck()

    @on(QueueTable.MarksChanged)
    def _marks_changed(self, event: MarksChanged) -> None:
        self.remember_marked(list(map(str, event.keys)))
        self.show_filter()
        self.recheck()

    @on(QueueTable.AllChosen)
    def _all_chosen(self) -> None:
        self.show_filter()
        self.console.say(
            "All that match are chosen, also those that are not loaded. A verb counts them and asks first."
        )

    @on(QueueTable.HeaderClicked)
    def _header_clicked(self, event: HeaderClicked) -> None:
        self.action_sort(SORTS.get(event.column, "queue"))

    @on(QueueTable.Opened)
    def _opened(self, event: Opened) -> None:
        self.open_row(str(event.key))

    @on(TabStrip.TabSelected)
    def _tab_selected(self, event: TabStrip.TabSelected) -> None:
        self.is_tab_chosen = True
        if event.key == self.listing.active:  # it is shown already
            return
        self.table.clear_marks()
        self.listing.active = event.key
        self.show_list()
        self.recheck()

    @on(TabStrip.TabRefused)
    def _tab_refused(self, event: TabStrip.TabRefused) -> None:
        self.console.say(event.refusal, "warning")

    @on(FilterLine.Changed)
    def _filter_changed(self, event: FilterLine.Changed) -> None:
        self._narrow(event.text)

    def _set_filter(self, text: str) -> None:
        self.query_one(FilterLine).put(text)
        self._narrow(text)

    def _narrow(self, text: str) -> None:
        self.listing.narrow(text)
        self.table.set_filter(self.listing.allows())
        self.show_filter()
        self.recheck()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.set_focus(self.table)  # at once: the next key may be here already
