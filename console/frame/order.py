"""Keys act in the order in which they were pressed, also around a text field, which works through its own one by one."""

import asyncio
import contextlib

from textual import events
from textual.app import App
from textual.widget import Widget
from textual.widgets import Input, TextArea

_WRITTEN = ("enter", "tab")
"""Keys that a text of several lines takes itself."""
_PATIENCE = 1.0
"""Seconds that a key waits for those before it. Longer takes only what itself waits for a key."""


class Order:
    """Bindings run at once, what is typed into a field only when the field comes to it. So a key that is no text waits for
    what was typed before it, and what comes after such a key waits for that: nothing is overtaken, and no word is lost."""

    def __init__(self) -> None:
        self._left: Widget | None = None

    async def before(self, event: events.Key, app: App[None]) -> None:
        """Come back when a key may act."""
        if self._left is not None:
            field, self._left = self._left, None
            await _over(field)
        focused = app.focused
        if isinstance(focused, Input | TextArea) and not is_text(event, focused):
            await _over(focused)
            self._left = focused


def apart(event: events.Key) -> tuple[events.Key, ...]:
    """Escape and a letter, where a terminal makes one key of them, `alt+c`, as it does when they come within a tenth of a
    second: the hand that left a reply for a note means both. No more than the key itself for any other."""
    letter = event.character or ""
    if not event.key.startswith("alt+") or len(letter) != 1 or not letter.isalnum():
        return (event,)
    return events.Key("escape", "\x1b"), events.Key(letter, letter)


def is_text(event: events.Key, focused: Widget | None) -> bool:
    """Whether a key is for the field that has the focus, if one has it, before it can be a binding."""
    if isinstance(focused, TextArea):
        return event.is_printable or event.key in _WRITTEN
    return isinstance(focused, Input) and event.is_printable


async def _over(field: Widget) -> None:
    """Wait until a field has worked through its keys, and all that it tells those around it was heard."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            for node in field.ancestors_with_self:
                while not isinstance(node, App):  # who waits here is the app
                    heard = asyncio.Event()
                    if not node.call_later(heard.set):
                        break  # it is going
                    await heard.wait()
                    if not node.message_queue_size:
                        break
