"""What the board of escalations shows: cards by level, approvals as diffs, the case under the cursor; and on what verbs
act there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult

from console import approvals
from console.actions import Action
from console.desk.preview import preview_of
from console.desk.states import waiting_text
from console.escalations import asked, cards, ladder
from console.escalations.cards import Eye
from console.incidences.deeds import CaseScreen
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

ON_ESCALATIONS = ("take_over", "acknowledge", "hand_back", "settle")
ON_APPROVALS = ("approve", "deny")


class Board(CaseScreen):
    """Follows the mirror. Its keys are in :class:`console.escalations.escalations.EscalationsScreen`."""

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

    @property
    def tab(self) -> str:
        """The tab that is shown."""
        return self.query_one(TabStrip).active

    def on_mount(self) -> None:
        """Follow the mirror, and look at the clock."""
        self.listen("incidence", self._row_changed)
        self.listen("approval", lambda _: self._look_soon())
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
        is_narrow = self.room < WIDE or self.console.preferences.current.linear
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
        rows, eye, waiting = cards.ordered(self.store.in_view("escalated")), self.eye(), self.store.approvals.values()
        self._rows = {row["incidenceId"]: row for row in rows}
        self.query_one(TabStrip).show([*cards.tabs(rows, eye), asked.tab(waiting)])
        is_asked = self.tab == asked.APPROVALS
        wanted = (
            asked.lanes(waiting, eye.now)
            if is_asked
            else cards.lanes(rows, self.tab, eye, is_short=self.board.is_stacked)
        )
        self.board.show(wanted, now=now)
        self.show_detail()
        self.recheck()

    def _row_changed(self, update: Update) -> None:
        is_there = update.row is not None and update.row["escalation"] is not None
        if is_there or update.id in self._rows:
            self._look_soon()

    def _look_soon(self) -> None:
        if not self._waits:
            self._waits = True
            self.set_timer(SETTLES, self.show_board)

    def show_detail(self) -> None:
        """The case under the cursor in full."""
        panel, row = self.query_one("#detail", Panel), self.selected()
        if row is None:
            panel.show((), [[("Nothing under the cursor.", "muted")]], title="")
        elif self.tab == asked.APPROVALS:
            content = preview_of(dict(row), None, self.console.now())
            panel.show(content.pairs, content.lines, title=row["ref"], freshness=content.freshness)
        else:
            pairs, lines = cards.detail_of(dict(row), self.eye(), self.store.members.values())
            refusal = ladder.why_not_taken(self.store.ladder, row["escalationLevel"], self.console.role)
            panel.show(pairs, lines, title=f"{row['ref']} · {ladder.words(row['escalationLevel'])}", refusal=refusal)

    # -- what verbs act on

    def asked_for(self) -> Mapping[str, Any] | None:
        """The approval of the card under the cursor, as it stands on the board; None when there is none."""
        card = self.board.card(self.board.cursor_key) if self.is_mounted else None
        row = self.store.approvals.get(card.key) if card is not None and not card.is_gone else None
        return row if card is not None and row is not None and row["version"] == card.version else None

    def selected(self) -> Mapping[str, Any] | None:
        """The case of the card under the cursor, with the version that stands on the board; None when it is gone."""
        if not self.is_mounted:
            return None
        if (approval := self.asked_for()) is not None:
            return self.store.incidences.get(approval["incidenceId"])
        card = self.board.card(self.board.cursor_key)
        row = self._rows.get(card.key) if card is not None and not card.is_gone else None
        return None if row is None or card is None else row | {"version": card.version}

    def verdicts(self) -> Mapping[str, str]:
        """Who may not take or decide it sees why; what was taken on is not taken on again."""
        row, approval = self.selected(), self.asked_for()
        return {**super().verdicts(), **self._of_escalation(row), **self._of_approval(approval)}

    def _of_escalation(self, row: Mapping[str, Any] | None) -> dict[str, str]:
        if row is None:
            return {}
        if row["escalation"] is None:
            return dict.fromkeys(ON_ESCALATIONS, f"{row['ref']} is not handed up.")
        if why := ladder.why_not_taken(self.store.ladder, row["escalationLevel"], self.console.role):
            return dict.fromkeys(ON_ESCALATIONS, why)
        by, me = row["escalation"]["acknowledgedBy"], self.store.member_id
        refused = {}
        if by is not None:
            refused["acknowledge"] = f"{'You have' if by == me else f'{self.name_of(by)} has'} taken on {row['ref']}."
        if me == by == row["agentId"]:
            refused["take_over"] = f"{row['ref']} is yours already."
        return refused

    def _of_approval(self, approval: Mapping[str, Any] | None) -> dict[str, str]:
        if approval is None:
            return dict.fromkeys(ON_APPROVALS, "There is nothing to decide here; the last tab has what is asked for.")
        why = approvals.refusal_of(approval, self.console.role, self.store.member_id)
        return dict.fromkeys(ON_APPROVALS, why) if why else {}

    def tells_of(self, action: Action) -> bool:
        """The keys for approvals where they are, those for escalations elsewhere."""
        return action.id not in (ON_ESCALATIONS if self.tab == asked.APPROVALS else ON_APPROVALS)

    def cases(self) -> list[str]:
        """The cases of all cards, in the order shown."""
        ids = (self.store.approvals.get(key, {}).get("incidenceId", key) for key in self.board.keys)
        return list(dict.fromkeys(ids))

    def follow(self, incidence_id: str) -> None:
        """The cursor goes where the hand went."""
        here = [key for key in self.board.keys if self.store.approvals.get(key, {}).get("incidenceId") == incidence_id]
        self.board.move_to(here[0] if here else incidence_id)
