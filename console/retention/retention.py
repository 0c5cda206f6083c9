"""The retention board (`g o`): who is about to cancel, what became of them, what they meet, and what that brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.widgets import OptionList

from console.actions import Action
from console.desk.filter_line import FilterLine
from console.retention import telling, words
from console.retention.behind import BehindScreen
from console.retention.board import RESULTS, SUBSCRIPTIONS, Board
from console.retention.cases import case_of, cases_of
from console.retention.flow import FlowScreen
from widgets.queue_table import QueueTable

OF_RESULTS = ("run_days", "horizon")
OF_SUBSCRIPTIONS = ("paying_state", "paying_order", "stripe_sync")
MOST_DAYS = 800


class RetentionScreen(Board):
    """The keys of the board."""

    family: ClassVar[str] = "retention"
    heading: ClassVar[str] = "Retention"

    def verdicts(self) -> Mapping[str, str]:
        """There must be something under the cursor."""
        if not self.is_mounted:
            return {}
        refused = (
            {} if self.row() is not None or self.tab == RESULTS else {"open": "There is nothing under the cursor."}
        )
        if self.tab != RESULTS:
            refused |= dict.fromkeys(OF_RESULTS, "That is for the tab Results.")
        if self.tab != SUBSCRIPTIONS:
            refused |= dict.fromkeys(OF_SUBSCRIPTIONS, "That is for the tab Subscriptions.")
        return refused

    def tells_of(self, action: Action) -> bool:
        """The keys of a tab where it is in front."""
        if action.id in OF_RESULTS:
            return self.tab == RESULTS
        return action.id not in OF_SUBSCRIPTIONS or self.tab == SUBSCRIPTIONS

    def action_open(self, ref: str = "") -> None:
        """Jump to the customer's case, into the flow under the cursor, or to the case named."""
        if ref:
            self.console.open_named(ref)
        elif (flow := self.flow()) is not None:
            self.app.push_screen(FlowScreen(flow["flowId"], flow["name"]))
        elif (run := self.run()) is not None:
            self.jump(run["customerId"], run["incidenceId"], words.customer(run))
        elif (paid := self.subscription()) is not None:
            self.jump(paid.customer_id, None, paid.customer.name or paid.customer.external_id)
        elif self.tab == RESULTS:
            self.drill(self.results.numbers.key)

    def jump(self, customer_id: str, incidence_id: str | None, name: str) -> None:
        """Open the customer's case, when there is one."""
        id = case_of(self.store, customer_id, incidence_id)
        if id is None:
            self.console.say(f"{name} has no case here.")
            return
        rows = (self.table.row(key) for key in self.table.model.shown)
        self.console.open_incidence(id, cases_of(self.store, rows))

    def drill(self, key: str) -> None:
        """The runs behind a number."""
        if key and self.results.start is not None:
            title, query, offer = telling.drill(key)
            self.app.push_screen(BehindScreen(title, query | {"since": self.results.start}, offer))

    @on(OptionList.OptionSelected, "#numbers")
    def _number_chosen(self) -> None:
        self.action_open()

    @on(QueueTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_filter_rows(self, text: str = "") -> None:
        """Filter as it is typed, or by the words given."""
        line = self.query_one(FilterLine)
        if self.tab == RESULTS:
            self.console.say("Numbers are not filtered; enter on one shows its runs.")
            return
        if not text:
            line.open()
            return
        line.put(text)
        line.post_message(FilterLine.Changed(text))

    def action_move_first(self) -> None:
        """The first row or number."""
        (self.results.numbers if self.tab == RESULTS else self.table).action_first()

    # -- what is counted

    def action_run_days(self, days: str) -> None:
        """Runs of other days."""
        if not days.isdecimal() or not 1 <= int(days) <= MOST_DAYS:
            self.console.say(f"From 1 to {MOST_DAYS} days can be counted; not {days!r}.", "warning")
            return
        self.results.days = int(days)
        self.results.read()

    def action_horizon(self, days: str) -> None:
        """Payments of other days after a run."""
        self.results.horizon = int(days)
        self.results.read()

    # -- which subscriptions

    def action_paying_state(self, status: str) -> None:
        """Those in one state, or all."""
        self.paying.status = "" if status == "all" else status
        self.paying.read()

    def action_paying_order(self, sort: str) -> None:
        """In another order."""
        self.paying.sort = sort
        self.paying.read()

    def action_stripe_sync(self) -> None:
        """Read Stripe now."""
        self.paying.sync()

    def action_read_again(self) -> None:
        """Everything as it is now."""
        self.read()

    def action_back(self) -> None:
        """Out of the preview, then out of the filter, then as everywhere."""
        if not self.is_over and self._filters.get(self.tab):
            self.query_one(FilterLine).clear()
        else:
            super().action_back()
