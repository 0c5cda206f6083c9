"""`MacroScreen`: macros on a case. One that replies fills the composer, and the rest is done when the reply is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from console.incidences.joining import JoinScreen
from console.playbooks import starting
from console.twin import told
from widgets.paint import Cell
from widgets.prompt import Choice, Confirm, Option

if TYPE_CHECKING:
    from backend.incidences.macro_schemas import MacroDone, MacroPreview, MacroRead, Macros

_LONG = 44
"""Characters of what a macro writes that are shown where one is chosen."""


class MacroScreen(JoinScreen):
    """What is done to many cases alike."""

    def action_macro(self, name: str = "") -> None:
        """The macro or playbook of that name, or one to choose; for several that are marked, a playbook."""
        row, api = self.selected(), self.console.api
        if row is None:
            return
        targets = self.targets()
        if len(targets) > 1:
            rows = (self.store.incidences.get(target.id) for target in targets)
            whom = {one["incidenceId"]: one["customer"]["name"] or one["ref"] for one in rows if one is not None}
            starting.choose(self.console, name, whom, are_cases=True)
            return

        async def both() -> tuple[Macros, Any]:
            return await api.macros.list(), await api.playbooks.list(status="ACTIVE")

        def listed(found: tuple[Macros, Any]) -> None:
            playbooks = {one["playbookId"]: one for one in told(found[1])["items"]}
            macros = [Option(one.macro_id, one.name, _told(one)) for one in found[0].items]
            started = [Option(id, one["name"], f"playbook · {starting.detail(one)}") for id, one in playbooks.items()]
            near = _named(macros, name)
            wanted = near if name and len(near) == 1 else [*near, *_named(started, name)]

            def chosen(id: str | None) -> None:
                if id in playbooks:
                    whom = {row["incidenceId"]: row["customer"]["name"] or row["ref"]}
                    starting.ask(self.console, playbooks[id], whom, are_cases=True)
                elif id is not None:
                    self._look(row, id)

            if name and len(wanted) == 1:
                chosen(wanted[0].key)
            elif name and not wanted:
                self.console.say(f"There is no macro or playbook {name.strip()!r}.", "warning")
            else:
                self.app.push_screen(Choice("Macro or playbook", wanted), chosen)

        self.console.calls.start("list macros and playbooks", both, done=listed)

    def _look(self, row: Mapping[str, Any], macro_id: str) -> None:
        """What it comes to here, before anything is done."""
        id, api = row["incidenceId"], self.console.api

        def seen(macro: MacroPreview) -> None:
            if macro.reply is not None:
                self.begin_macro(row, macro)
                return
            pairs: list[tuple[str, Cell]] = [("On", f"{row['ref']} {row['summary']}")]
            if macro.note:
                pairs.append(("Note", macro.note))
            left = [[(f"Nothing is known for {{{name}}}.", "danger")] for name in macro.unresolved]
            question = Confirm(f"Macro {macro.name}?", pairs, lines=[*macro.does, *left], yes="Do it", role="warning")
            self.app.push_screen(question, lambda is_yes: self._run(row, macro) if is_yes else None)

        self.console.calls.start("look at the macro", lambda: api.macros.preview(id, macro_id), done=seen)

    def begin_macro(self, row: Mapping[str, Any], macro: MacroPreview) -> None:
        """Put its reply into the composer of the case."""

    def _run(self, row: Mapping[str, Any], macro: MacroPreview) -> None:
        api, key = self.console.api, str(uuid4())

        def call() -> Awaitable[MacroDone]:
            from backend.incidences.macro_schemas import MacroRun

            body = MacroRun(macro_id=macro.macro_id, version=macro.version)
            return api.macros.run(row["incidenceId"], body, idempotency_key=key)

        def done(answer: MacroDone) -> None:
            self.keep(answer.incidence)
            self.console.say(f"{macro.name} is done to {row['ref']}.")

        self.console.calls.start(f"do {macro.name} to {row['ref']}", call, done=done)


def _named(options: list[Option], name: str) -> list[Option]:
    """Those that are called so, else those whose names begin so."""
    word = name.strip().casefold()
    exact = [one for one in options if one.label.casefold() == word]
    return exact or [one for one in options if one.label.casefold().startswith(word)]


def _told(macro: MacroRead) -> str:
    words = " ".join((macro.steps.reply or macro.steps.note or "").split())
    said = f"{words[:_LONG]}…" if len(words) > _LONG else words
    return said if macro.is_shared else f"yours · {said}"
