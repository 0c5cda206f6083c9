"""Whom the trigger of a playbook fits now, those whose loss is expected to be the greatest first."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from console.desk import wording
from console.frame.screen import FrameScreen
from console.playbooks.words import Row
from console.twin import told
from widgets.outline import Line, Outline
from widgets.plain import plain

SHOWN = 200


class CandidatesScreen(FrameScreen):
    """`CandidatesScreen(playbook)`."""

    family: ClassVar[str] = "playbook_candidates"
    CSS_PATH = "playbooks.tcss"

    def __init__(self, playbook: Row) -> None:
        super().__init__()
        self.playbook = playbook

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"Who now · {self.playbook['name']}"

    def compose_body(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Outline(id="main")

    def on_mount(self) -> None:
        """Ask the server to look at everybody."""
        super().on_mount()
        from backend.playbooks.schemas import Candidates

        api, id = self.console.api, self.playbook["playbookId"]
        self._say("Looking at everybody …")

        def done(answer: Any) -> None:
            if self.is_attached:
                self._show(told(answer))

        def failed(error: Exception) -> None:
            if self.is_attached:
                self._say(f"✗ This could not be found out: {error}")

        call = lambda: api.playbooks.candidates(id, Candidates(limit=SHOWN))  # noqa: E731
        self.console.calls.start("find whom it fits", call, done=done, failed=failed, group="candidates")

    def _say(self, text: str) -> None:
        self.query_one("#head", Static).update(Content(plain(text)))

    def _show(self, answer: Row) -> None:
        left = f"; {answer['leftOut']} more have it now or had it lately" if answer["leftOut"] else ""
        fits = f"It fits {answer['count']} of {answer['lookedAt']:,} customers{left}. Nobody was started."
        by = "The greatest expected loss a month first: probability to leave × monthly value × margin."
        said = answer["why"] or fits
        head = Content.assemble((plain(said), "bold"), ("\n" + plain(by), "$role-muted"))
        self.query_one("#head", Static).update(head)
        self.query_one(Outline).show([self._line(one, answer["currency"]) for one in answer["items"]])

    def _line(self, one: Row, currency: str) -> Line:
        loss = wording.money(one["expectedLoss"], currency) if one["expectedLoss"] else ""
        return Line(one["customerId"], one["customerName"], [(f"{loss:>12}  ", "money"), (one["why"], "")], width=24)

    def on_option_list_option_selected(self) -> None:
        """Enter: everything about the customer."""
        from console.customers.customer import CustomerScreen

        if key := self.query_one(Outline).key:
            self.app.push_screen(CustomerScreen(key))
