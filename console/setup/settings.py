"""The settings, generated from the preferences: a line each, enter changes."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from console.frame.screen import FrameScreen
from console.keymap import KEYMAPS
from console.preferences import settings
from widgets.outline import Line, Outline
from widgets.prompt import Choice, Option

_ON_OFF = {False: "off", True: "on"}


class SettingsScreen(FrameScreen):
    """Every setting with its value."""

    family: ClassVar[str] = "settings"
    heading: ClassVar[str] = "Settings"
    CSS_PATH = "settings.tcss"

    def compose_body(self) -> ComposeResult:
        yield Outline(id="main")
        yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        """Show what is set."""
        super().on_mount()
        self._show()

    def on_screen_resume(self) -> None:
        """It may have been set elsewhere."""
        super().on_screen_resume()
        self._show()

    def _show(self) -> None:
        current = self.console.preferences.current
        self.query_one(Outline).show(
            [Line(name, title, [(_words(getattr(current, name)), "")], width=18) for name, title, _, _ in settings()]
        )
        self._show_about()

    def _show_about(self) -> None:
        """What the setting under the cursor means, and where all of them are kept."""
        key = self.query_one(Outline).key
        about = next((help for name, _, help, _ in settings() if name == key), "")
        where = self.console.vault.where
        own = f" Keys of your own stand in it under `keys` ({', '.join(KEYMAPS)} are shipped)."
        kept = f" Your sign-in is kept in {where}." if where else ""
        self.query_one("#about", Static).update(
            Content(f"{about}\nKept in {self.console.preferences.path}.{own}{kept}")
        )

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """What it means."""
        self.console.show_header()
        self._show_about()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose another value."""
        name, title, help, choices = next(known for known in settings() if known[0] == event.option_id)
        values: Sequence[Any] = choices if len(choices) > 1 else [option.key for option in self.values().of(choices[0])]

        def chosen(key: str | None) -> None:
            if key is not None:
                self._set(name, values[int(key)])

        options = [Option(str(place), _words(value)) for place, value in enumerate(values)]
        self.app.push_screen(Choice(title, options, hint=help), chosen)

    def _set(self, name: str, value: Any) -> None:
        try:
            self.console.preferences.change(**{name: value})
        except OSError as error:
            self.console.say(f"In force, but it could not be kept: {error.strerror or error}", "warning")
        self.console.apply_preferences()
        self._show()


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return _ON_OFF[value]
    return str(value) if isinstance(value, str) else f"{value} min" if value else "never"
