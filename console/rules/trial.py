"""The draft tried on the real past: how many decisions it would have changed, from what to what, and which cases."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widgets import OptionList, Static

from console.desk.wording import spoken
from console.frame.screen import FrameScreen
from console.rules.editing import Editing
from widgets.outline import Line, Outline
from widgets.plain import plain
from widgets.prompt import Choice, Option

SHOWN = 500
SPANS = ((1, "the last day"), (7, "7 days"), (30, "30 days"), (90, "90 days"))


class TrialScreen(FrameScreen):
    """`TrialScreen(editing)`: the draft as it is now."""

    family: ClassVar[str] = "trial"
    heading: ClassVar[str] = "Dry run"
    CSS_PATH = "rules.tcss"

    def __init__(self, editing: Editing) -> None:
        super().__init__()
        self.editing, self.document, self.days = editing, editing.draft.now, 7
        self._changes: list[Mapping[str, Any]] = []
        self._began = 0.0
        self._timer: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Outline(id="main")

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        self.run_trial()

    def run_trial(self) -> None:
        """Replay the past; the time it takes is shown while it takes it."""
        api, body = self.console.api, {**self.document, "days": self.days, "limit": SHOWN}
        self._began, self._changes = monotonic(), []
        self.outline.show([])
        self._say_running()
        self._timer = self.set_interval(0.5, self._say_running)

        def done(answer: Mapping[str, Any]) -> None:
            if self.is_attached:
                self._stop()
                self._show(answer)

        def failed(error: Exception) -> None:
            if self.is_attached:
                self._stop()
                self.query_one("#head", Static).update(
                    Content(plain(f"✗ The dry run did not come to its end: {error}"))
                )

        self.console.calls.start(
            "try the draft",
            lambda: api.rules.dry_run(self.editing.kind, body),
            done=done,
            failed=failed,
            group="trial",
            exclusive=True,
        )

    @property
    def outline(self) -> Outline:
        """The lines."""
        return self.query_one(Outline)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _say_running(self) -> None:
        took = monotonic() - self._began
        self.query_one("#head", Static).update(f"Replaying the last {self.days} days … {took:.0f} s")

    def _show(self, answer: Mapping[str, Any]) -> None:
        self._changes = answer["changes"]
        partly = "" if answer["isComplete"] else "; the past is longer, these were looked at"
        days = "day" if self.days == 1 else f"{self.days} days"
        summary = f"{answer['cases']:,} decisions in the last {days}{partly}: {answer['changed']:,} would have changed."
        head = Content.assemble((summary, "bold"), ("\n" + plain(answer["source"]), "$role-muted"))
        self.query_one("#head", Static).update(head)
        lines = [
            Line("", f"{row['count']:,} ×", [(row["before"], "danger"), ("  →  ", "muted"), (row["after"], "ok")])
            for row in answer["byOutcome"]
        ]
        if self._changes:
            more = answer["changed"] - len(self._changes)
            lines.append(Line("", f"here they are{f', {more:,} more not shown' if more > 0 else ''}:"))
        lines += [self._line(place, change) for place, change in enumerate(self._changes)]
        lines += [Line("", "", [(f"▲ {warning}", "warning")]) for warning in answer["warnings"]]
        self.outline.show(lines or [Line("", "Every decision would have been the same.")])

    def _line(self, place: int, change: Mapping[str, Any]) -> Line:
        before, after = (
            ", ".join(change[side]).replace("_", " ") or "no rule" for side in ("rulesBefore", "rulesAfter")
        )
        row = self._case_of(change)
        about = f"  {row['summary']}" if row else ""
        words = [
            (before, "muted"),
            (" → ", "muted"),
            (after, "accent bold"),
            (f"  {spoken(change['why'])}", ""),
            (about, "muted"),
        ]
        return Line(str(place), change["ref"], words, width=10)

    def _case_of(self, change: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The case that a decision was about, or the newest of the customer's whose visit it was."""
        rows = self.store.incidences
        if change["subjectId"] in rows:
            return rows[change["subjectId"]]
        theirs = [row for row in rows.values() if row["customer"]["id"] == change["subjectId"]]
        return max(theirs, key=lambda row: str(row["createdAt"]), default=None)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the case."""
        change = self._changes[int(event.option_id or 0)]
        row = self._case_of(change)
        if row is not None:
            self.console.open_incidence(row["incidenceId"])
        elif str(change["ref"]).startswith("INC-"):
            self.console.open_incidence(change["subjectId"])
        else:
            self.console.say(f"{change['ref']} had a visit, and has no case that is open.", "warning")

    def action_trial_days(self) -> None:
        """Another stretch of the past."""

        def chosen(days: str | None) -> None:
            if days is not None:
                self.days = int(days)
                self.run_trial()

        options = [Option(str(days), words, "now" if days == self.days else "") for days, words in SPANS]
        self.app.push_screen(Choice("How far back?", options), chosen)
