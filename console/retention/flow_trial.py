"""A document of a flow tried on the runs of the last days: how many would have gone otherwise, from what to what, whose."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from console.desk import ages
from console.frame.screen import FrameScreen
from console.retention.words import Row
from console.twin import told
from widgets.outline import Line, Outline
from widgets.plain import plain

SHOWN = 200
MONTH = 30


class FlowTrialScreen(FrameScreen):
    """`FlowTrialScreen(flow, yaml)`: the YAML, or the newest document for None."""

    family: ClassVar[str] = "flow_trial"
    CSS_PATH = "flow.tcss"

    def __init__(self, flow: Row, yaml: str | None) -> None:
        super().__init__()
        self.flow, self.yaml, self.days = flow, yaml, MONTH

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"Dry run of {self.flow['name']}"

    def compose_body(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Outline(id="main")

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        self.run_trial()

    def run_trial(self) -> None:
        """Ask the server what would have been shown."""
        from backend.retention.flow_schemas import FlowTrial

        api, body = self.console.api, FlowTrial(yaml=self.yaml, days=self.days, limit=SHOWN)
        self._say(f"Trying it on the runs of the last {_days(self.days)} …")
        self.query_one(Outline).show([])

        def done(answer: Any) -> None:
            if self.is_attached:
                self._show(told(answer))

        def failed(error: Exception) -> None:
            if self.is_attached:
                self._say(f"✗ The dry run did not come to its end: {error}")

        self.console.calls.start(
            "try the flow",
            lambda: api.flows.dry_run(self.flow["flowId"], body),
            done=done,
            failed=failed,
            group="flow-trial",
            exclusive=True,
        )

    def _say(self, text: str) -> None:
        self.query_one("#head", Static).update(Content(plain(text)))

    def _show(self, answer: Row) -> None:
        what = "what is written" if self.yaml is not None else f"document {self.flow['number']}"
        partly = "" if answer["isComplete"] else "; there were more, these were looked at"
        summary = (
            f"With {what}: {answer['runs']:,} runs in the last {_days(answer['days'])}{partly}, "
            f"{answer['changed']:,} would have gone otherwise."
        )
        head = Content.assemble((plain(summary), "bold"), ("\n" + plain(answer["source"]), "$role-muted"))
        self.query_one("#head", Static).update(head)
        lines = [
            Line("", f"{row['count']:,} ×", [(row["before"], "danger"), ("  →  ", "muted"), (row["after"], "ok")])
            for row in answer["byOutcome"]
        ]
        changes = answer["changes"]
        if changes:
            more = answer["changed"] - len(changes)
            lines.append(Line("", f"whose{f', {more:,} more not shown' if more > 0 else ''}:"))
        elif not answer["runs"]:
            lines.append(Line("", "Nobody wanted to cancel in these days, so nothing can be said."))
        else:
            lines.append(Line("", "Nothing would have gone otherwise."))
        lines += [self._line(one) for one in changes]
        self.query_one(Outline).show(lines)

    def _line(self, one: Row) -> Line:
        said = [(one["before"], "danger"), ("  →  ", "muted"), (one["after"], "ok")]
        when = ages.local(one["startedAt"], self.console.now())
        return Line(one["runId"], f"{when}  {one['customerName'] or one['customerId']}", said, width=32)

    def action_trial_span(self, days: str) -> None:
        """Other days."""
        if not days.isdecimal() or not 1 <= int(days) <= 90:
            self.console.say(f"The dry run goes 1 to 90 days back; not {days!r}.", "warning")
            return
        self.days = int(days)
        self.run_trial()


def _days(count: int) -> str:
    return "day" if count == 1 else f"{count} days"
