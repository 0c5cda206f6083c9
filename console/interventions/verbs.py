"""What can be done to an intervention, by keys and by words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.core.clock import instant
from console.desk.until import Unclear, wake_at
from console.frame.tabbed import Tabbed
from console.interventions.planning import change, plan

Row = Mapping[str, Any]


class PlanVerbs(Tabbed):
    """Verbs on `row()`, the one that is shown; `put()` gets it as it is afterwards."""

    def row(self) -> Row | None:
        """The intervention that verbs act on, as it is shown."""
        raise NotImplementedError

    def put(self, now: Row) -> None:
        """It is so now."""
        raise NotImplementedError

    def _change(self, what: str, **fields: Any) -> None:
        if (row := self.row()) is not None:
            change(self.console, row, what, fields, self.put)

    def action_plan_status(self, status: str = "") -> None:
        """Open, active or cancelled."""
        self._change(f"make it {status}", status=status)

    def action_plan_done(self, outcome: str = "") -> None:
        """It is done, and this came of it."""
        self._change("complete it", status="completed", outcome=outcome)

    def action_plan_assign(self, member: str = "") -> None:
        """Give it to somebody."""
        self._change("give it to somebody else", assigneeId=None if member == "none" else member)

    def action_plan_priority(self, priority: str = "") -> None:
        """How much it matters."""
        self._change("change its priority", priority=priority)

    def action_plan_due(self, when: str = "") -> None:
        """When it is due; `none` is no day."""
        try:
            at = None if when == "none" else instant(wake_at(when, self.console.now()))
        except Unclear as error:
            self.console.say(str(error), "warning")
            return
        self._change("change when it is due", dueDate=at)

    def action_plan_next(self, text: str = "") -> None:
        """What to do next."""
        self._change("say what is next", nextAction=text)

    def action_plan_note(self, text: str = "") -> None:
        """Another line of its notes."""
        row = self.row()
        if row is not None:
            self._change("note it", notes=f"{row['notes']}\n{text}".strip())

    def action_plan_new(self, customer: str = "") -> None:
        """Plan something for the customer named."""
        id, _, text = customer.partition(" ")
        plan(self.console, id, id, text)
