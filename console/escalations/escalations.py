"""The Escalations screen: what its keys do. What it shows is in `console.escalations.board`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from textual import on

from console import approvals
from console.actions import Action
from console.escalations import cards, verbs
from console.escalations.board import Board
from console.frame.command import CommandLine
from console.frame.tabbed import Tabbed
from console.incidences.asks import AskNote
from console.incidences.verbs import Target, Verb
from widgets.card_board import CardBoard
from widgets.tabs import TabStrip


class EscalationsScreen(Board, Tabbed):
    """Acts on the card under the cursor, as it stands on the board."""

    family: ClassVar[str] = "escalations"
    heading: ClassVar[str] = "Escalations"

    # -- the verbs

    def action_take_over(self) -> None:
        """Taken on, and the case is mine."""
        if (row := self.selected()) is not None:
            self.do("take over", verbs.take_over(row, self.store.member_id))

    def action_acknowledge(self) -> None:
        """It climbs no further."""
        if (row := self.selected()) is not None:
            self.do("take on", verbs.acknowledge(row))

    def action_hand_back(self, note: str = "") -> None:
        """To who had it, with what to do."""
        row = self.selected()
        if row is None:
            return
        hint = "what is to be done with it"
        self._with_note(row, "hand back", verbs.hand_back, note, hint, is_needed=True)

    def action_settle(self, note: str = "") -> None:
        """What it was handed up for is done with."""
        row = self.selected()
        if row is not None:
            self._with_note(row, "settle", verbs.settle, note, "what was decided, if you like")

    def _with_note(
        self,
        row: Mapping[str, Any],
        what: str,
        verb: Callable[[Mapping[str, Any], str], Verb],
        note: str,
        hint: str,
        *,
        is_needed: bool = False,
    ) -> None:
        """Do it with the note, which is asked for when there is none yet; to the case that stood there when asked."""

        def answered(words: str | None) -> None:
            if words is not None:
                self.do(what, verb(row, words), on=[Target.of(row)])

        if note:
            answered(note)
        else:
            question = AskNote(f"{what.capitalize()} {row['ref']}", hint, is_needed=is_needed)
            self.app.push_screen(question, answered)

    def action_approve(self) -> None:
        """Yes to what is asked for; it is done at once."""
        if (row := self.asked_for()) is not None:
            approvals.decide(self.console, row, approvals.APPROVE)

    def action_deny(self, reason: str = "") -> None:
        """No to it, and why."""
        row = self.asked_for()
        if row is None:
            return

        def answered(words: str | None) -> None:
            if words:
                approvals.decide(self.console, row, approvals.DENY, words)

        if reason:
            answered(reason)
        else:
            title, lines = f"Deny {approvals.title_of(row)}", approvals.lines_of(row)
            self.app.push_screen(AskNote(title, "why not", lines=lines, is_needed=True), answered)

    def action_open(self, ref: str = "") -> None:
        """The case under the cursor, or the one named."""
        row = self.store.find(ref) if ref else self.selected()
        if row is not None:
            self.open_row(row["incidenceId"])
        elif ref:
            self.console.say(f"{ref} is not in the mirror; open it from the queue.", "warning")

    def open_row(self, id: str, write: str = "") -> None:
        """Open a case; J and K walk the board. `write` is reply or note: to begin with that."""
        self.console.open_incidence(id, self.cases())
        begin = getattr(self.app.screen, "begin_writing", None)
        if write and begin is not None:
            begin(write)

    def action_reply(self) -> None:
        """Open it and write to the customer."""
        if (row := self.selected()) is not None:
            self.open_row(row["incidenceId"], "reply")

    def action_note(self, text: str = "") -> None:
        """A note at once, or open it and write one."""
        row = self.selected()
        if row is not None and text:
            self.add_note(row, text)
        elif row is not None:
            self.open_row(row["incidenceId"], "note")

    # -- going about

    def action_section_right(self) -> None:
        """The level to the right, or below."""
        self.board.action_lane(1)

    def action_section_left(self) -> None:
        """The level to the left, or above."""
        self.board.action_lane(-1)

    def action_back(self) -> None:
        """The command line, then to all levels."""
        if self.query_one(CommandLine).is_open:
            super().action_back()
        else:
            self.query_one(TabStrip).choose(cards.ALL)
            self.board.focus()

    async def perform(self, action: Action, value: str = "", *, is_agreed: bool = False) -> None:
        """A key is a hand: cards stay where they are for a while."""
        if self.is_mounted:
            self.board.touch()
        await super().perform(action, value, is_agreed=is_agreed)

    # -- messages

    @on(CardBoard.Highlighted)
    def _cursor_moved(self) -> None:
        self.show_detail()
        self.recheck()

    @on(CardBoard.Opened)
    def _opened(self, event: CardBoard.Opened) -> None:
        if (row := self.selected()) is not None and event.key == self.board.cursor_key:
            self.open_row(row["incidenceId"])

    @on(TabStrip.TabSelected)
    def _tab_selected(self) -> None:
        self.show_board(now=True)
        self.board.focus()
