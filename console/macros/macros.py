"""The macros (`g m`): everybody's and one's own, what each does, and what it comes to on a case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.widgets import OptionList

from console.frame.outlined import OutlinedScreen, Said
from console.macros import words
from console.macros.editor import MacroEditor
from console.twin import told
from console.views import queue_order
from widgets.outline import Line
from widgets.panel import Panel
from widgets.prompt import Choice, Confirm, Option

if TYPE_CHECKING:
    from backend.incidences.macro_schemas import MacroPreview

Row = Mapping[str, Any]
MOST = 200
"""Cases that are offered to try a macro on."""


class MacrosScreen(OutlinedScreen):
    """The list of macros."""

    family: ClassVar[str] = "macros"
    heading: ClassVar[str] = "Macros"
    what: ClassVar[str] = "macros"
    topics: ClassVar[tuple[str, ...]] = ("macro",)

    def __init__(self) -> None:
        super().__init__()
        self._macros: dict[str, Row] = {}

    def ask(self) -> Callable[[], Awaitable[Any]]:
        """What reads them."""
        return self.console.api.macros.list

    def take(self, answer: Any) -> None:
        """Keep them."""
        self._macros = {one["macroId"]: one for one in told(answer)["items"]}

    def lines(self) -> Sequence[Line]:
        """The macros, or how the first is written."""
        new = f"There are none yet; {self.console.key_of('macro_new')} writes the first."
        return words.of_list([*self._macros.values()]) or [Line("", new)]

    def says(self) -> Said:
        """What the one under the cursor does."""
        macro = self.macro()
        return (macro["name"], (), words.of_macro(macro, self._name_of)) if macro else ("", (), ())

    def _name_of(self, member_id: str) -> str:
        member = self.store.members.get(member_id)
        return str(member["name"]) if member else "somebody"

    def macro(self) -> Row | None:
        """The macro under the cursor."""
        return self._macros.get(self.key)

    def verdicts(self) -> Mapping[str, str]:
        """There must be one under the cursor, and those for everybody are kept by supervisors."""
        macro = self.macro()
        if macro is None:
            return dict.fromkeys(("macro_edit", "macro_delete", "macro_try"), "There is no macro here.")
        return {"macro_delete": why} if (why := refusal(macro, self.console.role)) else {}

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open it."""
        self.action_macro_edit()

    # -- the verbs

    def action_macro_new(self) -> None:
        """Write one."""
        self.app.push_screen(MacroEditor(None))

    def action_macro_edit(self) -> None:
        """Its text; who may not change it reads it."""
        if (macro := self.macro()) is not None:
            self.app.push_screen(MacroEditor(macro, refusal(macro, self.console.role)))

    def action_macro_delete(self) -> None:
        """Take it away, after a yes."""
        macro, api = self.macro(), self.console.api
        if macro is None:
            return
        id, name = macro["macroId"], macro["name"]

        def gone(_: None) -> None:
            self.console.say(f"{name} is gone.")

        async def delete() -> bool:
            await api.macros.delete(id)
            return True

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.console.calls.start(f"delete {name}", delete, done=lambda _: gone(None))

        whose = "everybody" if macro["isShared"] else "you alone"
        lines = ["What it did to cases stays."]
        question = Confirm("Delete the macro?", [("Macro", name), ("For", whose)], lines=lines, yes="Delete it")
        self.app.push_screen(question, answered)

    def action_macro_try(self, ref: str = "") -> None:
        """What it comes to on the case named, or on one to choose. Nothing is done."""
        row = self.store.find(ref) if ref else None
        if row is not None:
            self._try(row)
        elif ref:
            self.console.say(f"{ref} is not in the mirror.", "warning")
        else:
            cases = sorted(self.store.in_view("all"), key=queue_order)[:MOST]
            options = [
                Option(one["incidenceId"], f"{one['ref']} {one['customer']['name'] or ''}", one["summary"])
                for one in cases
            ]
            self.app.push_screen(Choice("Try it on", options), self._chosen)

    def _chosen(self, id: str | None) -> None:
        if id is not None and (row := self.store.find(id)) is not None:
            self._try(row)

    def _try(self, row: Row) -> None:
        macro, api = self.macro(), self.console.api
        if macro is None:
            return

        def done(answer: MacroPreview) -> None:
            if self.is_attached and self.macro() == macro:
                title = f"{macro['name']} on {row['ref']}: nothing is done"
                self.query_one("#says", Panel).show((), words.of_trial(told(answer)), title=title)

        self.console.calls.start(
            "try the macro",
            lambda: api.macros.preview(row["incidenceId"], macro["macroId"]),
            done=done,
            group="try-macro",
            exclusive=True,
        )


def refusal(macro: Row, role: str) -> str:
    """Why somebody of a role may not change it; empty when they may."""
    if macro["isShared"] and role == "agent":
        return "Macros for everybody are kept by a supervisor."
    return ""
