"""A mapping as YAML: written, and checked as it is typed with what the server checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static, TextArea

from console.frame.screen import FrameScreen
from widgets.composer import Composer
from widgets.plain import plain

HINT = "a, b first that is there · a + b both · 'text' · | lower upper integer number hundredth date instant"


def written(mapping: Mapping[str, Any] | None) -> str:
    """A mapping as text; what is as it always is is left out."""
    import yaml  # type: ignore[import-untyped]

    from backend.integrations.mapping import RecordMap

    given = RecordMap.model_validate(mapping or {})
    plain_data = given.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return str(yaml.safe_dump(plain_data or {"externalId": "id", "fields": {"name": "name"}}, sort_keys=False))


def read(text: str) -> Any:
    """The mapping that a text says, as the API takes it; or in words what is wrong with it."""
    import yaml
    from pydantic import ValidationError

    from backend.integrations.mapping import RecordMap

    try:
        found = RecordMap.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError as error:
        return " ".join(str(error).split())
    except (ValidationError, RecursionError) as error:
        if not isinstance(error, ValidationError):
            return "nested too deep"
        first = error.errors(include_url=False, include_context=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}"
    return found.model_dump(mode="json", by_alias=True)


class MappingText(FrameScreen):
    """`MappingText(mapping, keep)`: `keep` gets what was written."""

    family: ClassVar[str] = "mapping_text"
    heading: ClassVar[str] = "Mapping"
    CSS_PATH = "form.tcss"

    def __init__(self, mapping: Mapping[str, Any] | None, keep: Callable[[Any], None]) -> None:
        super().__init__()
        self._begun, self._keep, self._is_left = written(mapping), keep, False

    def compose_body(self) -> ComposeResult:
        yield Composer(self._begun, reply_title="How records become ours", hint=HINT, id="main")
        yield Static(id="state", markup=False)

    def on_mount(self) -> None:
        """Say whether it can be kept."""
        super().on_mount()
        composer = self.query_one(Composer)
        composer.show_line_numbers, composer.indent_width, composer.tab_behavior = True, 2, "indent"
        self._say_state()

    @property
    def is_changed(self) -> bool:
        """Whether it is other than what was read."""
        return self.query_one(Composer).text.rstrip() != self._begun.rstrip()

    @on(TextArea.Changed)
    def _written_in(self) -> None:
        self._is_left = False
        self._say_state()
        self.recheck()

    def _say_state(self) -> None:
        found, place = read(self.query_one(Composer).text), self.query_one("#state", Static)
        place.set_class(isinstance(found, str), "-wrong")
        said = (
            f"✗ {found}"
            if isinstance(found, str)
            else "✓ It can be kept."
            if self.is_changed
            else "Nothing is changed."
        )
        place.update(Content(plain(said)))

    def verdicts(self) -> Mapping[str, str]:
        """What is wrong is not kept."""
        found = read(self.query_one(Composer).text) if self.is_mounted else {}
        return {"form_keep": found} if isinstance(found, str) else {}

    def action_form_keep(self) -> None:
        """Take it into the form."""
        self.query_one(Composer).action_submit()

    @on(Composer.Submitted)
    def _submitted(self) -> None:
        found = read(self.query_one(Composer).text)
        if isinstance(found, str):
            self.console.say(f"Keep: {found}", "warning")
            return
        self.app.pop_screen()
        self._keep(found)

    @on(Composer.Left)
    def _left(self) -> None:
        if self.is_changed and not self._is_left:
            self._is_left = True
            self.console.say("What is written is not kept. esc again leaves it.", "warning")
            return
        self.app.pop_screen()

    def action_back(self) -> None:
        """As from inside the text."""
        self._left()
