"""The documents of a flow: who, when, why; what each has other than the one before; and putting one before customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from console.background import in_background
from console.desk import ages
from console.frame.screen import FrameScreen
from console.retention import difference
from console.retention.words import Row
from console.twin import told
from widgets.outline import Line, Outline
from widgets.paint import Cell
from widgets.panel import Panel


class FlowVersionsScreen(FrameScreen):
    """`FlowVersionsScreen(flow id, name)`."""

    family: ClassVar[str] = "flow_versions"
    CSS_PATH = "flow.tcss"

    def __init__(self, id: str, name: str) -> None:
        super().__init__()
        self.flow_id, self._called = id, name
        self._flow: Row | None = None
        self._versions: list[Row] = []
        self._texts: dict[int, str] = {}

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"Documents of {self._called}"

    def compose_body(self) -> ComposeResult:
        yield Outline(id="main")
        with VerticalScroll(id="changed", can_focus=False):
            yield Panel(id="says")

    def on_mount(self) -> None:
        """Read them, and again whenever there is another."""
        super().on_mount()
        self.listen("flow", lambda update: self.read() if update.id == self.flow_id else None)
        self.read()

    def read(self) -> None:
        """Ask for the flow and its documents."""
        api = self.console.api

        async def both() -> tuple[Any, Any]:
            return await api.flows.show(self.flow_id), await api.flows.versions(self.flow_id)

        def done(answer: tuple[Any, Any]) -> None:
            if self.is_attached:
                self._flow, self._versions = told(answer[0]), told(answer[1])["items"]
                self.query_one(Outline).show([self._line(one) for one in self._versions])
                self._show_changes()
                self.recheck()

        def failed(error: Exception) -> None:
            if self.is_attached and not self._versions:
                self.query_one(Outline).show([Line("", f"✗ The documents could not be read: {error}")])

        self.console.calls.start("read the documents", both, done=done, failed=failed, group="versions", exclusive=True)

    def _line(self, one: Row) -> Line:
        who = one["byName"] or ("Holdfast" if one["by"] is None else "somebody")
        when = ages.local(one["at"], self.console.now()) if one["at"] else "at the beginning"
        met = [("  ● customers meet it", "ok bold")] if one["isActive"] else []
        said = [(f"{when:<18}", "muted"), (f"{who}: ", "agent"), (str(one["reason"]), ""), *met]
        return Line(str(one["number"]), f"document {one['number']}", said, width=13)

    @property
    def number(self) -> int:
        """The document under the cursor."""
        key = self.query_one(Outline).key if self.is_mounted else ""
        return int(key) if key else 0

    def on_option_list_option_highlighted(self) -> None:
        """Show what it changed."""
        self.query_one("#changed").scroll_home(animate=False)
        self._show_changes()
        self.recheck()

    def on_option_list_option_selected(self) -> None:
        """Enter: put it before customers."""
        in_background(self, self.run_action, "perform('flow_activate')")

    def _show_changes(self) -> None:
        number, panel = self.number, self.query_one("#says", Panel)
        if number == 0:
            return
        if number == 1:
            panel.show((), [[("The first one.", "muted")]], title=f"{self._called} · document 1")
            return
        title = f"What document {number} has other than {number - 1}"
        if number not in self._texts:
            panel.show((), [[("Comparing …", "muted")]], title=title)
            self._fetch(number)
            return
        version = next(one for one in self._versions if one["number"] == number)
        said: list[Cell] = [[("· ", "muted"), (one, "")] for one in version["changes"]]
        panel.show((), [*said, "", *difference.lines_of(self._texts[number])], title=title)

    def _fetch(self, number: int) -> None:
        api = self.console.api

        def done(answer: Any) -> None:
            self._texts[number] = told(answer)["text"]
            if self.is_attached:
                self._show_changes()

        self.console.calls.start(
            "compare the documents",
            lambda: api.flows.diff(self.flow_id, number - 1, number),
            done=done,
            group="compare",
            exclusive=True,
        )

    def verdicts(self) -> Mapping[str, str]:
        """What customers meet needs no activating."""
        if self._flow is None:
            return {"flow_activate": "The documents are not here yet."}
        if self.number == self._flow["activeNumber"]:
            return {"flow_activate": f"Customers meet document {self.number} already."}
        return {}

    def action_flow_activate(self) -> None:
        """Put the one under the cursor before customers."""
        from console.retention.flow import activate

        if self._flow is not None:
            activate(self, self._flow, self.number)

    def action_preview_down(self) -> None:
        """More of what it changed."""
        self._scroll(1)

    def action_preview_up(self) -> None:
        """Back in it."""
        self._scroll(-1)

    def _scroll(self, by: int) -> None:
        changed = self.query_one("#changed")
        changed.scroll_relative(y=by * max(1, changed.size.height // 2), animate=False)
