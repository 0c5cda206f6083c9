"""Copilot (`g t`): questions and answers that stream, what they were made of, and proposals that wait for a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from console.actions import Action
from console.copilot.proposing import NO_DRAFT, NOTHING
from console.copilot.talk import Talk
from console.copilot.talking import ASK, Talking
from console.frame.screen import FrameScreen
from console.frame.topic import Topic


class CopilotScreen(FrameScreen):
    """A conversation. Come from a case or a customer, “this” means that one."""

    family: ClassVar[str] = "copilot"
    heading: ClassVar[str] = "Copilot"
    AUTO_FOCUS = ASK
    CSS_PATH = "screen.tcss"

    def compose_body(self) -> ComposeResult:
        yield Talking(self.talk, self.topic)

    @property
    def talk(self) -> Talk:
        """The conversation."""
        assert self.console.session is not None, "screens are shown to who is signed in"
        return self.console.session.talk

    @property
    def talking(self) -> Talking:
        """What shows it."""
        return self.query_one(Talking)

    def topic(self) -> Topic:
        """What was under the hand where one came from."""
        return self.talk.topic

    def ask_about(self, topic: Topic) -> None:
        """From now on “this” means that; and what is typed is a question."""
        self.talk.topic = topic
        if self.is_mounted:
            self.talking.show_about()
            self.talking.take_focus()

    def on_descendant_focus(self) -> None:
        """Other keys mean something while one types."""
        self.recheck()

    def tells_of(self, action: Action) -> bool:
        """While one types, letters are letters."""
        keys = self.console.keymap.keys(action, self.family)
        return not (self.is_mounted and self.talking.is_typing and keys and len(keys[0]) == 1)

    def verdicts(self) -> Mapping[str, str]:
        """What waits can be done."""
        refused = {}
        if self.talk.proposal(is_draft=True) is None:
            refused["copilot_insert"] = NO_DRAFT
        if self.talk.proposal(is_draft=False) is None:
            refused["copilot_do"] = NOTHING
        if not self.talk.id:
            refused |= dict.fromkeys(("copilot_forget", "copilot_rename"), "Nothing was asked yet.")
        return refused

    # -- the conversation

    def action_copilot_ask(self, question: str = "") -> None:
        """Ask; without words, write them."""
        if question.strip():
            self.talking.ask(question.strip())
        else:
            self.talking.take_focus()

    def action_copilot_new(self) -> None:
        """Begin anew; what was said is kept at the server."""
        self.talk.begin()
        self.talking.take_focus()

    def action_copilot_earlier(self) -> None:
        """Those that were had before."""
        from console.copilot.earlier import EarlierScreen

        self.app.push_screen(EarlierScreen())

    def action_copilot_forget(self) -> None:
        """Erase the conversation."""
        id, api = self.talk.id, self.console.api

        async def forget() -> bool:
            await api.copilot.forget(id)
            return True

        def gone(_: Any) -> None:
            self.console.say("The conversation is erased.")
            if self.talk.id == id:
                self.talk.begin()

        self.console.calls.start("erase the conversation", forget, done=gone)

    def action_copilot_rename(self, title: str = "") -> None:
        """Give it another name, by which it is found again."""
        id, api, talk = self.talk.id, self.console.api, self.talk

        def renamed(one: Any) -> None:
            if talk.id == id:
                talk.title = one.title
            self.console.say(f"It is called {one.title} now.")

        self.console.calls.start("rename the conversation", lambda: api.copilot.rename(id, title), done=renamed)

    # -- moving

    def action_back(self) -> None:
        """Leave the line in which one asks; what is typed stays."""
        if self.talking.is_typing:
            self._said.focus()
        else:
            super().action_back()

    @property
    def _said(self) -> VerticalScroll:
        return self.query_one("#copilot-said", VerticalScroll)

    def action_move_down(self) -> None:
        self._said.scroll_down(animate=False)

    def action_move_up(self) -> None:
        self._said.scroll_up(animate=False)

    def action_move_first(self) -> None:
        self._said.scroll_home(animate=False)

    def action_move_last(self) -> None:
        self._said.scroll_end(animate=False)

    async def action_close(self) -> None:
        """Back to where one came from."""
        await self.console.go_back()
