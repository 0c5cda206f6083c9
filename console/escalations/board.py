"""The board of cases that are handed up, by level, live; and what a supervisor does about one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult

from console.actions import Action
from console.desk.states import waiting_text
from console.escalations import cards, ladder, verbs
from console.escalations.cards import Eye
from console.frame.command import CommandLine
from console.incidences.asks import AskNote
from console.incidences.deeds import CaseScreen
from console.incidences.verbs import Target, Verb
from console.store import RESET, Update
from widgets.card_board import CardBoard
from widgets.panel import Panel
from widgets.tabs import TabStrip

WIDE = 120
"""Columns from which levels stand side by side."""

TALL = 34
"""Lines from which there is room for the case under the cursor."""

TICK = 5.0
"""Seconds between looks at the clock: ages are told in minutes."""

SETTLES = 0.25
"""Seconds between looks at the mirror, at most."""


class EscalationsScreen(CaseScreen):
    """Acts on the card under the cursor, as it stands on the board."""

    family: ClassVar[str] = "escalations"
    heading: ClassVar[str] = "Escalations"
    CSS_PATH = "board.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, dict[str, Any]] = {}
        self._waits = False

    def compose_body(self) -> ComposeResult:
        yield TabStrip(id="tabs")
        yield CardBoard(id="main")
        yield Panel(id="detail")

    @property
    def board(self) -> CardBoard:
        """The cards."""
        return self.query_one(CardBoard)

    def on_mount(self) -> None:
        """Follow the mirror, and look at the clock."""
        self.listen("incidence", self._row_changed)
        for topic in (RESET, "member", "rules"):
            self.listen(topic, lambda _: self.show_board())
        self.set_interval(TICK, self.show_board)
        self.fit()
        self.show_board()

    def on_screen_resume(self) -> None:
        """In front again; the hand comes back to the cards."""
        if self.is_mounted:
            self.show_board()
            if self.focused is None:
                self.board.focus()

    def on_resize(self) -> None:
        """Other room, another arrangement."""
        if self.is_mounted:
            self.fit()
            self.show_board()

    def fit(self) -> None:
        """Side by side where there is room, else one below the other."""
        is_narrow = self.size.width < WIDE or self.console.preferences.current.linear
        self.board.stack(is_narrow)
        self.query_one("#detail").display = self.size.height >= TALL

    # -- what is shown

    def eye(self) -> Eye:
        """Who looks, and when."""
        store = self.store
        return Eye(store.member_id, self.console.role, self.console.now(), store.ladder, self.name_of)

    def show_board(self, *, now: bool = False) -> None:
        """Everything as the mirror has it. `now` lets cards move under the hand."""
        self._waits = False
        if not self.is_current:  # what a question is about, or what was opened, stays where it is
            self.board.touch()
        role, text = waiting_text(self.store.is_loaded, self.console.feed, self.console.key_of("retry"))
        if role:
            self.board.show_notice([(text.replace("the queue", "what is handed up"), role)])
            return
        rows, eye = cards.ordered(self.store.in_view("escalated")), self.eye()
        self._rows = {row["incidenceId"]: row for row in rows}
        self.query_one(TabStrip).show(cards.tabs(rows, eye))
        wanted = cards.lanes(rows, self.query_one(TabStrip).active, eye, is_short=self.board.is_stacked)
        self.board.show(wanted, now=now)
        self._show_detail()
        self.recheck()

    def _row_changed(self, update: Update) -> None:
        is_there = update.row is not None and update.row["escalation"] is not None
        if (is_there or update.id in self._rows) and not self._waits:
            self._waits = True
            self.set_timer(SETTLES, self.show_board)

    def _show_detail(self) -> None:
        panel, row = self.query_one("#detail", Panel), self._rows.get(self.board.cursor_key or "")
        if row is None:
            panel.show((), [[("Nothing under the cursor.", "muted")]], title="")
            return
        pairs, lines = cards.detail_of(row, self.eye(), self.store.members.values())
        refusal = ladder.why_not_taken(self.store.ladder, row["escalationLevel"], self.console.role)
        panel.show(pairs, lines, title=f"{row['ref']} · {ladder.words(row['escalationLevel'])}", refusal=refusal)

    # -- what verbs act on

    def selected(self) -> Mapping[str, Any] | None:
        """The case of the card under the cursor, with the version that stands on the board; None when it is gone."""
        if not self.is_mounted:
            return None
        card = self.board.card(self.board.cursor_key)
        row = self._rows.get(card.key) if card is not None and not card.is_gone else None
        return None if row is None or card is None else row | {"version": card.version}

    def verdicts(self) -> Mapping[str, str]:
        """Who may not take it sees why; what was taken on is not taken on again."""
        row = self.selected()
        if row is None:
            return {}
        why = ladder.why_not_taken(self.store.ladder, row["escalationLevel"], self.console.role)
        refused = dict.fromkeys(("take_over", "acknowledge", "hand_back", "settle"), why) if why else {}
        by = row["escalation"]["acknowledgedBy"]
        if by is not None and not why:
            who = "You have" if by == self.store.member_id else f"{self.name_of(by)} has"
            refused["acknowledge"] = f"{who} taken on {row['ref']}."
            if self.store.member_id == by == row["agentId"]:
                refused["take_over"] = f"{row['ref']} is yours already."
        return {**super().verdicts(), **refused}

    def follow(self, incidence_id: str) -> None:
        """The cursor goes where the hand went."""
        self.board.move_to(incidence_id)

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

    def action_open(self, ref: str = "") -> None:
        """The case under the cursor, or the one named."""
        row = self.store.find(ref) if ref else self.selected()
        if row is not None:
            self.open_row(row["incidenceId"])
        elif ref:
            self.console.say(f"{ref} is not in the mirror; open it from the queue.", "warning")

    def open_row(self, id: str, write: str = "") -> None:
        """Open a case; J and K walk the board. `write` is reply or note: to begin with that."""
        self.console.open_incidence(id, self.board.keys)
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
        self._show_detail()
        self.recheck()

    @on(CardBoard.Opened)
    def _opened(self, event: CardBoard.Opened) -> None:
        if event.key is not None:
            self.open_row(event.key)

    @on(TabStrip.TabSelected)
    def _tab_selected(self) -> None:
        self.show_board(now=True)
        self.board.focus()
