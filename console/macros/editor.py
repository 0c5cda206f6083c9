"""A macro as text: written, checked as it is typed, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static, TextArea

from console.frame.screen import FrameScreen
from console.macros import text
from widgets.composer import Composer
from widgets.plain import plain

if TYPE_CHECKING:
    from backend.incidences.macro_schemas import MacroRead

Row = Mapping[str, Any]


class MacroEditor(FrameScreen):
    """`MacroEditor(macro, refusal)`, a macro as it was read and why it may not be changed; None is a new one."""

    family: ClassVar[str] = "macro_text"
    CSS_PATH = "macros.tcss"

    def __init__(self, macro: Row | None, refusal: str = "") -> None:
        super().__init__()
        self.macro, self._refusal = macro, refusal
        self._is_left = False

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"Macro {self.macro['name']}" if self.macro else "New macro"

    def compose_body(self) -> ComposeResult:
        self._begun = text.written(self.macro, self.store.members) if self.macro else text.NEW
        hint = "alt+enter keeps it · esc leaves"
        yield Composer(self._begun, reply_title=self.heading, hint=hint, id="main")
        yield Static(id="state", markup=False)
        yield Static(id="legend", markup=False)

    def on_mount(self) -> None:
        """Who may not change it reads it."""
        super().on_mount()
        from backend.incidences.macro_texts import KNOWN

        composer = self.query_one(Composer)
        composer.show_line_numbers, composer.indent_width, composer.tab_behavior = True, 2, "indent"
        composer.refusal = f"Reading only: {self._refusal}" if self._refusal else ""
        if self.macro is None:
            composer.move_cursor((0, len('name: "')))
        known = " ".join(f"{{{name}}}" for name in KNOWN)
        self.query_one("#legend", Static).update(Content(f"Lines: name, shared, {text.FIELDS}.\nIn texts: {known}"))
        self._say_state()

    @property
    def is_changed(self) -> bool:
        """Whether it is other than what was read."""
        return bool(self.query_one(Composer).text.rstrip() != self._begun.rstrip())

    @on(TextArea.Changed)
    def _written_in(self) -> None:
        self._is_left = False
        self._say_state()
        self.recheck()

    def _say_state(self) -> None:
        found, place = text.read(self.query_one(Composer).text, self.store.members), self.query_one("#state", Static)
        is_wrong = isinstance(found, str) and self.is_changed
        place.set_class(is_wrong, "-wrong")
        said = f"✗ {found}" if is_wrong else "✓ It can be kept." if self.is_changed else "Nothing is changed."
        place.update(Content(plain(said)))

    def verdicts(self) -> Mapping[str, str]:
        """What is wrong, or not changed, is not kept."""
        if not self.is_mounted:
            return {}
        if self._refusal:
            return {"macro_keep": self._refusal}
        if not self.is_changed:
            return {"macro_keep": "Nothing is changed."}
        found = text.read(self.query_one(Composer).text, self.store.members)
        return {"macro_keep": found} if isinstance(found, str) else {}

    def action_macro_keep(self) -> None:
        """Keep it."""
        self.query_one(Composer).action_submit()

    @on(Composer.Submitted)
    def _submitted(self) -> None:
        if why := self.verdicts().get("macro_keep"):
            self.console.say(f"Keep: {why}", "warning")
            return
        found, macro, api = text.read(self.query_one(Composer).text, self.store.members), self.macro, self.console.api
        assert not isinstance(found, str), "refused above"

        async def keep() -> MacroRead:
            from backend.incidences.macro_schemas import MacroChange

            if macro is None:
                return await api.macros.make(found)
            body = MacroChange(version=macro["version"], name=found.name, is_shared=found.is_shared, steps=found.steps)
            return await api.macros.change(macro["macroId"], body)

        def done(answer: MacroRead) -> None:
            self.console.say(f"{answer.name} is kept.")
            if self.is_attached:
                self.app.pop_screen()

        def failed(error: Exception) -> None:
            current = getattr(error, "details", {}).get("current")
            if isinstance(current, dict) and self.is_attached:
                self.macro = current  # what is written stays; once more puts it in the place of theirs
                self.console.say("What you wrote is here still; keeping it again puts it in the place of theirs.")

        self.console.calls.start("keep the macro", keep, done=done, failed=failed, group="keep-macro")

    @on(Composer.Left)
    def _left(self) -> None:
        if self.is_changed and not self._is_left and not self._refusal:
            self._is_left = True
            self.console.say("What is written is not kept. esc again leaves it.", "warning")
            return
        self.app.pop_screen()

    def action_back(self) -> None:
        """As from inside the text."""
        self._left()
