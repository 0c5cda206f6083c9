"""The lock: nothing of the work is seen until the password was given again."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Label, Static

from console.background import in_background
from widgets.plain import plain

if TYPE_CHECKING:
    from backend.client import Client


class LockScreen(Screen[None]):
    """Covers everything. Enter with the right password goes on where one was."""

    CSS_PATH = "lock.tcss"
    AUTO_FOCUS = "#password"

    def __init__(self, email: str, api: "Client", hint: str = "") -> None:
        super().__init__()
        self._email, self._api = email, api
        self._hint = hint

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Locked"
            yield Label(Content(plain(f"{self._email}: your password")))
            yield Input(password=True, id="password", compact=True)
            yield Static(
                Content(plain(self._hint or "Work goes on behind this; ctrl+q leaves.")), id="said", markup=False
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask the server whether it is right."""
        in_background(self, self._unlock, event.value, group="lock", exclusive=True)

    async def _unlock(self, password: str) -> None:
        from backend.client import ApiError, Offline

        try:
            await self._api.identity.check_password(password)
        except ApiError as error:
            self._say(f"{error.message} {self._hint}".strip())
        except Offline:
            self._say("The server does not answer, so the password cannot be checked.")
        else:
            self.dismiss()

    def _say(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = ""
        self.query_one("#said", Static).update(Content(plain(text)))
