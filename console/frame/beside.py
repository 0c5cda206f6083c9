"""What a screen shows of one customer beside its work: read after it, kept as things happen, and read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from console.store import Update

if TYPE_CHECKING:
    from textual.timer import Timer

    from backend.client import Client
    from console.frame.screen import FrameScreen

T = TypeVar("T")
SETTLES = 0.5
"""Seconds after something happened until it is read again, so that several happenings are one question."""


class Beside(Generic[T]):
    """Of one customer on a screen. `of` answers whose, "" when nobody or somebody else is shown; `changed` draws it."""

    what: ClassVar[str]
    """What is read, as it is said when that fails: "read the subscription"."""

    def __init__(self, screen: FrameScreen, of: Callable[[], str], changed: Callable[[], None]) -> None:
        self.screen, self.console, self.of, self.changed = screen, screen.console, of, changed
        self.held: T | None = None
        self.trouble = ""
        """Why it could not be read, the last time."""
        self._timer: Timer | None = None

    async def ask(self, api: Client, customer_id: str) -> T:
        """Read it. ApiError and Offline as the client's."""
        raise NotImplementedError

    def is_about(self, update: Update, customer_id: str) -> bool:
        """Whether what happened concerns the customer."""
        raise NotImplementedError

    def is_here(self) -> bool:
        """Whether that customer is still the one that is shown."""
        return bool(self.of())

    def read(self) -> None:
        """Read it, and show it."""
        api, id = self.console.api, self.of()
        if id and self.console.is_online:
            self.console.calls.start(
                self.what,
                lambda: self.ask(api, id),
                done=self.show,
                failed=self._failed,
                group=self.what,
                exclusive=True,
            )

    def happened(self, update: Update) -> None:
        """Something happened: if it is this customer's, it is read again."""
        id = self.of()
        if id and self._timer is None and self.is_about(update, id):
            self._timer = self.screen.set_timer(SETTLES, self._read_again)

    def _read_again(self) -> None:
        self._timer = None
        self.read()

    def show(self, held: T) -> None:
        """Keep and draw it, if its customer is still the one that is shown."""
        if self.is_here():
            self.held, self.trouble = held, ""
            self.changed()

    def _failed(self, _error: Exception) -> None:
        if self.is_here():
            self.trouble = f"It could not be read. {self.console.key_of('retry')} tries again."
            self.changed()
