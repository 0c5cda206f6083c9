"""Delivery (`g d`): how each channel does, and what became of each letter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from textual.widgets import OptionList

from console.delivery import words
from console.frame.overview import Detail, Overview
from console.twin import told
from widgets.outline import Line

Row = Mapping[str, Any]
MOST = 100
"""Letters, the newest; more are on the command line."""


class DeliveryScreen(Overview):
    """Supervisors look; admins try channels and send again, and read the words of a letter."""

    family: ClassVar[str] = "delivery"
    heading: ClassVar[str] = "Delivery"
    what: ClassVar[str] = "channels"
    topics: ClassVar[tuple[str, ...]] = ("letter", "delivery_channel")

    def __init__(self) -> None:
        super().__init__()
        self._channels: dict[str, Row] = {}
        self._letters: dict[str, Row] = {}

    def asking(self) -> Callable[[], Awaitable[Any]]:
        api = self.console.api

        async def ask() -> Any:
            return (await api.delivery.channels()).items, (await api.delivery.letters(limit=MOST)).items

        return ask

    def keep(self, answer: Any) -> None:
        channels, letters = ([told(one) for one in some] for some in answer)
        texts = {id: letter["text"] for id, letter in self._letters.items() if "text" in letter}
        self._channels = {one["id"] or one["kind"]: one for one in channels}
        self._letters = {one["id"]: one | ({"text": texts[one["id"]]} if one["id"] in texts else {}) for one in letters}

    def lines(self) -> list[Line]:
        return words.of_all([*self._channels.values()], [*self._letters.values()], self.console.now())

    def detail(self, key: str) -> Detail:
        now = self.console.now()
        if (channel := self.channel()) is not None:
            return *words.of_channel(channel, now), channel["name"]
        if (letter := self.letter()) is not None:
            return *words.of_letter(letter, now), "Letter"
        return (), (), ""

    def channel(self) -> Row | None:
        """The channel under the cursor."""
        return self._channels.get(self.key_after(words.CHANNEL))

    def letter(self) -> Row | None:
        """The letter under the cursor."""
        return self._letters.get(self.key_after(words.LETTER))

    def verdicts(self) -> Mapping[str, str]:
        """Only a channel of the business is tried; only what failed is sent again."""
        channel, letter, refused = self.channel(), self.letter(), {}
        if channel is None:
            refused["channel_try"] = refused["channel_remove"] = "There is no channel under the cursor."
        elif channel["id"] is None:
            refused["channel_try"] = refused["channel_remove"] = "It is set for the whole installation."
        if letter is None:
            refused["letter_again"] = "There is no letter under the cursor."
        elif letter["state"] != "FAILED":
            refused["letter_again"] = f"It has not failed: {words.STATES[letter['state']][2]}."
        return refused

    # -- the verbs

    def action_channel_try(self) -> None:
        """Send something there; by e-mail to oneself."""
        channel, api = self.channel(), self.console.api

        def done(_: Any) -> None:
            self.console.say("A letter is on its way; below it tells how it went.")
            self.read()

        if channel is not None:
            self.console.calls.start("try the channel", lambda: api.delivery.test(channel["id"]), done=done)

    def action_channel_remove(self) -> None:
        """Forget the channel under the cursor."""
        channel, api = self.channel(), self.console.api

        def done(_: Any) -> None:
            self.console.say("Nothing leaves by it any more.")
            self.read()

        if channel is not None:

            async def remove() -> bool:
                await api.delivery.remove(channel["id"])
                return True  # what answers nothing would not be told of

            self.console.calls.start("remove the channel", remove, done=done)

    def action_letter_again(self) -> None:
        """Try a failed letter again."""
        letter, api = self.letter(), self.console.api

        def done(_: Any) -> None:
            self.console.say("It is sent again.")
            self.read()

        if letter is not None:
            self.console.calls.start("send the letter again", lambda: api.delivery.retry(letter["id"]), done=done)

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """The words of a letter, for admins."""
        letter, api = self.letter(), self.console.api

        def done(shown: Any) -> None:
            self._letters[shown.id] = told(shown)
            if self.is_attached:
                self.show_one()

        if letter is not None:
            self.console.calls.start("read the letter", lambda: api.delivery.letter(letter["id"]), done=done)
