"""Earlier conversations: one's own, to go on with, to call otherwise, to forget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.widgets import OptionList

from console.copilot import words
from console.copilot.talk import turns_of
from console.desk import ages
from console.frame.outlined import OutlinedScreen, Said
from console.twin import told
from widgets.outline import Line
from widgets.prompt import Confirm

if TYPE_CHECKING:
    from backend.copilot.schemas import ConversationRead

Row = Mapping[str, Any]
MOST = 200
_NONE = "There is none under the cursor."


class EarlierScreen(OutlinedScreen):
    """The list, the last gone on with first; beside it what was said in the one under the cursor."""

    family: ClassVar[str] = "conversations"
    heading: ClassVar[str] = "Earlier conversations"
    what: ClassVar[str] = "conversations"

    def __init__(self) -> None:
        super().__init__()
        self._briefs: dict[str, Row] = {}
        self._whole: dict[str, Row] = {}

    def ask(self) -> Callable[[], Awaitable[Any]]:
        """What reads them."""
        return lambda: self.console.api.copilot.conversations(limit=MOST)

    def take(self, answer: Any) -> None:
        """Keep them."""
        self._briefs = {one["id"]: one for one in told(answer)["items"]}
        self._whole.clear()

    def lines(self) -> Sequence[Line]:
        """Each by its name, and when it was gone on with."""
        now = self.console.now()
        return [
            Line(one["id"], f"{ages.local(one['updatedAt'], now):<14}", [(one["title"], "")])
            for one in self._briefs.values()
        ] or [Line("", "You have asked nothing yet.")]

    def says(self) -> Said:
        """What was said, once it is read."""
        brief, whole = self._briefs.get(self.key), self._whole.get(self.key)
        if brief is None:
            return "", (), ()
        return brief["title"], (), words.said(whole["messages"]) if whole else [[("Reading …", "muted")]]

    def show_beside(self) -> None:
        """Read it, if it was not."""
        super().show_beside()
        id, api = self.key, self.console.api

        def done(answer: ConversationRead) -> None:
            self._whole[id] = told(answer)
            if self.is_attached and self.key == id:
                super(EarlierScreen, self).show_beside()

        if id and id not in self._whole:
            self.console.calls.start(
                "read the conversation", lambda: api.copilot.conversation(id), done=done, group="said", exclusive=True
            )

    def verdicts(self) -> Mapping[str, str]:
        """There must be one under the cursor."""
        return {} if self.key else dict.fromkeys(("choose", "earlier_rename", "earlier_forget"), _NONE)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go on with it."""
        event.stop()
        brief, api, session = self._briefs.get(self.key), self.console.api, self.console.session
        if brief is None or session is None:
            return
        id, talk = brief["id"], session.talk

        def done(answer: ConversationRead) -> None:
            whole = told(answer)
            talk.open(id, whole["title"], turns_of(whole["messages"]))
            if self.is_current:
                self.app.pop_screen()

        self.console.calls.start("open the conversation", lambda: api.copilot.conversation(id), done=done)

    def action_earlier_rename(self, title: str = "") -> None:
        """Call it otherwise."""
        id, api, session = self.key, self.console.api, self.console.session

        def renamed(one: Any) -> None:
            if session is not None and session.talk.id == id:
                session.talk.title = one.title
            self.console.say(f"It is called {one.title} now.")
            self.read()

        self.console.calls.start("rename the conversation", lambda: api.copilot.rename(id, title), done=renamed)

    def action_earlier_forget(self) -> None:
        """Erase it, after a yes."""
        brief, api, session = self._briefs.get(self.key), self.console.api, self.console.session
        if brief is None:
            return
        id = brief["id"]

        async def forget() -> bool:
            await api.copilot.forget(id)
            return True

        def gone(_: bool) -> None:
            if session is not None and session.talk.id == id:
                session.talk.begin()
            self.console.say("The conversation is erased.")
            if self.is_attached:
                self.read()

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.console.calls.start("erase the conversation", forget, done=gone)

        lines = ["What was asked and answered in it is gone for good."]
        question = Confirm("Forget the conversation?", [("About", brief["title"])], lines=lines, yes="Forget it")
        self.app.push_screen(question, answered)
