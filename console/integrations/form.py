"""A connection as a form, made of what its kind needs to be told: a line each, enter changes it; secrets are never shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from console.frame.screen import FrameScreen
from console.integrations import form_words as words
from console.rules.typing_prompt import Typed, TypingPrompt
from widgets.outline import Line, Outline
from widgets.plain import plain
from widgets.prompt import Confirm

Row = Mapping[str, Any]
_NAME = {
    "name": "name",
    "label": "Name",
    "type": "text",
    "help": "Tells several apart.",
    "isRequired": False,
    "choices": [],
}
_KEPT = {"token": "hasToken", "webhookSecret": "hasWebhookSecret"}


class ConnectionForm(FrameScreen):
    """`ConnectionForm(kind, connection)`, both as the API tells them; without a connection it makes one."""

    family: ClassVar[str] = "integration_form"
    CSS_PATH = "form.tcss"

    def __init__(self, kind: Row, connection: Row | None) -> None:
        super().__init__()
        self.kind, self.connection = kind, connection
        self.needs: dict[str, Row] = {
            one["name"]: one for one in ([_NAME] if kind["isMany"] else []) + list(kind["needs"])
        }
        is_new = connection is None
        self.given: dict[str, Any] = {
            name: one["usual"] for name, one in self.needs.items() if is_new and one.get("usual")
        }
        self._begun = dict(self.given)
        self._is_left = False

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return self.connection["title"] if self.connection else f"Connect {self.kind['title']}"

    def compose_body(self) -> ComposeResult:
        yield Outline(id="main")
        yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        """Show what is known."""
        super().on_mount()
        self._show()

    def value(self, name: str) -> Any:
        """What was typed, else what is there."""
        return self.given[name] if name in self.given else (self.connection or {}).get(name)

    def _show(self) -> None:
        wide = max(len(need["label"]) for need in self.needs.values())
        path = (self.connection or {}).get("webhookPath", "")
        lines = [Line("", f"{self.kind['about']}{f' Its webhooks come to {path}' if path else ''}")]
        for name, need in self.needs.items():
            is_kept = bool((self.connection or {}).get(_KEPT.get(name, "")))
            value = self.given.get(name) if need["type"] in ("secret", "mapping") else self.value(name)
            said, role = words.shown(need, value, is_kept=is_kept)
            changed = [(" ●", "accent")] if name in self.given else []
            lines.append(Line(name, need["label"], [(said, role), *changed], 1, width=wide + 2))
        self.query_one(Outline).show(lines)
        self._show_about()
        self.recheck()

    def _show_about(self) -> None:
        need = self.needs.get(self.query_one(Outline).key)
        about = need["help"] if need else ""
        missing = self._missing()
        tail = (
            f"Still to be told: {', '.join(missing)}." if missing else f"{self.console.key_of('form_keep')} keeps it."
        )
        self.query_one("#about", Static).update(Content(plain(f"{about}\n{tail}")))

    def _missing(self) -> list[str]:
        kept = self.connection or {}
        return [
            need["label"].lower()
            for name, need in self.needs.items()
            if need["isRequired"] and not self.value(name) and not kept.get(_KEPT.get(name, ""))
        ]

    def verdicts(self) -> Mapping[str, str]:
        """What is not changed is not kept."""
        if self.connection is not None and not self.given:
            return {"form_keep": "Nothing is changed."}
        return {}

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """What it is for."""
        self._show_about()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Type it."""
        need = self.needs.get(self.query_one(Outline).key)
        if need is None:
            return
        if need["type"] == "mapping":
            from console.integrations.mapping_text import MappingText

            self.app.push_screen(MappingText(self.value("mapping"), self._mapped))
            return

        def typed(answer: Typed | None) -> None:
            if answer is not None:
                self._give(need["name"], answer.value)

        prompt = TypingPrompt(
            f"{self.kind['title']}: {need['label']}",
            words.text_of(need, self.value(need["name"])),
            lambda text: words.read(need, text),
            complete=lambda text: words.offers(need, text),
            hint=need["help"],
            is_secret=need["type"] == "secret",
        )
        self.app.push_screen(prompt, typed)

    def _mapped(self, mapping: Any) -> None:
        self._give("mapping", mapping)

    def _give(self, name: str, value: Any) -> None:
        self._is_left = False
        is_secret = self.needs[name]["type"] == "secret"
        is_as_it_was = not is_secret and self.connection is not None and value == self.connection.get(name)
        if is_as_it_was or (is_secret and not value):
            self.given.pop(name, None)
        else:
            self.given[name] = value
        self._show()

    def action_form_keep(self) -> None:
        """Tell the server."""
        api, connection, kind = self.console.api, self.connection, self.kind
        given = dict(self.given)

        async def keep() -> Any:
            from pydantic import ValidationError

            from backend.client import ApiError
            from backend.integrations.schemas import IntegrationAdd, IntegrationChange

            try:
                if connection is None:
                    return await api.integrations.add(IntegrationAdd.model_validate(given | {"platform": kind["name"]}))
                return await api.integrations.change(connection["id"], IntegrationChange.model_validate(given))
            except ValidationError as error:
                first = error.errors(include_url=False, include_context=False)[0]
                said = f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}"
                raise ApiError(400, "VALIDATION_ERROR", said, {}) from None

        def done(answer: Any) -> None:
            missing = f" Still to be told: {', '.join(answer.missing)}." if answer.missing else ""
            self.console.say(f"{answer.title} is {'changed' if connection else 'connected'}.{missing}")
            if self.is_attached:
                self.app.pop_screen()
            if secret := getattr(answer, "webhook_secret", None):
                self._tell_secret(answer.title, secret)

        self.console.calls.start("keep the connection", keep, done=done, group="keep-connection", exclusive=True)

    def _tell_secret(self, title: str, secret: str) -> None:
        console = self.console

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                console.copy_to_clipboard(secret)
                console.say("The secret is copied.")

        lines = ["Whoever gets or sends these webhooks needs it. It is shown this once."]
        target = [("Connection", title), ("Secret", secret)]
        question = Confirm("Its secret", target, lines=lines, yes="Copy it", no="I have it", role="ok")
        self.app.push_screen(question, answered)

    def action_back(self) -> None:
        """Leave it; what was typed goes after a second time."""
        if self.given != self._begun and not self._is_left:
            self._is_left = True
            self.console.say("What was typed is not kept. esc again leaves it.", "warning")
            return
        super().action_back()
