"""Delivery (`g d`): how each channel does, and what became of each letter; channels are added, changed and tried."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from textual.widgets import OptionList

from console import asking
from console.background import in_background
from console.delivery import words
from console.frame.overview import Detail, Overview
from console.twin import told
from widgets.outline import Line
from widgets.prompt import Option

Row = Mapping[str, Any]
MOST = 100
"""Letters, the newest; more are on the command line."""
LOOK, LOOKS = 1.0, 45
"""Seconds between looks at a letter that tries a channel (what is only put off is no event), and how many."""
KINDS = (
    Option("EMAIL", "E-mail", "by a mail server"),
    Option("SLACK", "Slack", "by a webhook, to one channel"),
    Option("TEAMS", "Teams", "by a webhook of a workflow"),
)
ADDRESSES = {
    "EMAIL": "smtp://user:password@mail.example.com:587?from=us@example.com&to=team@example.com",
    "SLACK": "https://hooks.slack.com/services/T000/B000/XXXX",
    "TEAMS": "https://….logic.azure.com/workflows/…",
}
"""Such as; what is typed is not shown, nor ever told again."""


class DeliveryScreen(Overview):
    """Supervisors look; admins add, change and try channels, send again, and read the words of a letter."""

    family: ClassVar[str] = "delivery"
    heading: ClassVar[str] = "Delivery"
    what: ClassVar[str] = "channels"
    topics: ClassVar[tuple[str, ...]] = ("letter", "delivery_channel")

    def __init__(self) -> None:
        super().__init__()
        self._channels: dict[str, Row] = {}
        self._letters: dict[str, Row] = {}
        self._tried: dict[str, int] = {}
        """Letters that try a channel, of which it has not been said what came of them, and the looks that are left."""

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
        self._tell_tried()

    def _tell_tried(self) -> None:
        """Say what came of trying a channel, or look again soon."""
        for id, looks in [*self._tried.items()]:
            found = words.outcome(self._letters[id]) if id in self._letters else None
            if found is not None:
                self.console.say(found[0], "information" if found[1] else "warning")
            if found is not None or not looks:
                del self._tried[id]
            else:
                self._tried[id] = looks - 1
        if self._tried and self.is_attached:
            self.set_timer(LOOK, self.read)

    def lines(self) -> list[Line]:
        session = self.console.session
        business = session.me.business.name if session else ""
        return words.of_all([*self._channels.values()], [*self._letters.values()], self.console.now(), business)

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
        channel, letter = self.channel(), self.letter()
        refused: dict[str, str] = {}
        own = ("channel_try", "channel_rename", "channel_stop", "channel_remove")
        if channel is None:
            refused |= dict.fromkeys(own, "There is no channel under the cursor.")
        elif channel["id"] is None:
            refused |= dict.fromkeys(own, "It is set for the whole installation, in the server's settings.")
        elif channel["stoppedAt"]:
            refused["channel_try"] = f"It is stopped; {self.console.key_of('channel_stop')} lets it go on."
        if letter is None:
            refused["letter_again"] = "There is no letter under the cursor."
        elif letter["state"] != "FAILED":
            refused["letter_again"] = f"It has not failed: {words.STATES[letter['state']][2]}."
        return refused

    # -- the verbs

    def action_channel_add(self) -> None:
        """Ask for what a channel needs."""
        in_background(self, self._add, group="channel", exclusive=True)

    async def _add(self) -> None:
        kind = await asking.choice(self.app, "Add a channel", KINDS)
        if kind is None:
            return
        called = words.KINDS[kind]
        name = await asking.line(self.app, f"{called}: its name", text=called, hint="what it is called here")
        if name is None:
            return
        title, such_as = f"{called}: its address", f"such as {ADDRESSES[kind]}"
        while (address := await asking.line(self.app, title, is_secret=True, hint=such_as)) is not None:
            added = await self.console.calls.ask("add the channel", self._adding(kind, name, address))
            if added is not None:
                try_it = self.console.key_of("channel_try")
                self.console.say(f"{added.name} leads to {added.hint}; {try_it} tries it.")
                self.read()
                return

    def _adding(self, kind: str, name: str, address: str) -> Callable[[], Awaitable[Any]]:
        from backend.delivery.schemas import ChannelAdd

        body = ChannelAdd.model_validate({"kind": kind, "name": name[:200], "address": address.strip()[:2_000]})
        return lambda: self.console.api.delivery.add(body)

    def action_channel_rename(self) -> None:
        """Call it otherwise."""
        if (channel := self.channel()) is not None:
            in_background(self, self._rename, channel, group="channel", exclusive=True)

    async def _rename(self, channel: Row) -> None:
        name = await asking.line(self.app, "The channel's name", text=channel["name"], hint="what it is called here")
        if name is not None and name != channel["name"]:
            self._change(channel, f"It is called {name} now.", name=name[:200])

    def action_channel_stop(self) -> None:
        """Stop it, or let it go on."""
        if (channel := self.channel()) is not None:
            is_stopped = channel["stoppedAt"] is None
            said = "is stopped: nothing leaves by it" if is_stopped else "goes on"
            self._change(channel, f"{channel['name']} {said}.", is_stopped=is_stopped)

    def _change(self, channel: Row, said: str, **given: Any) -> None:
        from backend.delivery.schemas import ChannelChange

        api = self.console.api

        def change(version: int) -> Awaitable[Any]:
            return api.delivery.change(channel["id"], ChannelChange(version=version, **given))

        def done(_: Any) -> None:
            self.console.say(said)
            self.read()

        self.console.calls.start(
            "change the channel",
            lambda: change(channel["version"]),
            done=done,
            again=lambda now: change(now["version"]),
        )

    def action_channel_try(self) -> None:
        """Send something there; by e-mail to oneself. What comes of it is said once it is known."""
        channel, api = self.channel(), self.console.api

        def done(accepted: Any) -> None:
            self._tried[accepted.id] = LOOKS
            self.console.say("A letter is on its way.")
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
