"""`Talk`: the conversation with the copilot, one for its screen and its panel: what was asked, what came, what waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from console.frame.topic import Topic
from widgets.plain import writable

if TYPE_CHECKING:
    from console.app import ConsoleApp

Row = Mapping[str, Any]


@dataclass(eq=False)
class Turn:
    """A question, the answer as far as it came, and what it was made of."""

    question: str
    text: str = ""
    calls: list[Row] = field(default_factory=list)
    citations: list[Row] = field(default_factory=list)
    proposals: list[Row] = field(default_factory=list)
    is_over: bool = False

    def take(self, part: Row) -> None:
        """One more part of the answer."""
        match part["type"]:
            case "text":
                self.text += writable(str(part["text"]))
            case "tool":
                self.calls.append(part)
            case "citation":
                self.citations.append(part)
            case "proposal":
                self.proposals.append(part)
            case "error":
                self.text += writable(f"\n\n**✗ {part['message']}**")

    def forget(self) -> None:
        """As if nothing had come yet."""
        self.text, self.is_over = "", False
        self.calls, self.citations, self.proposals = [], [], []


class Shown(Protocol):
    """Who shows the conversation."""

    def came(self, turn: Turn) -> None:
        """More of an answer is there."""

    def anew(self) -> None:
        """It is another conversation."""


class Talk:
    """Of one sign-in. `is_beside`: its panel is wanted beside whichever screen is in front; `typed` is a question begun."""

    def __init__(self, console: ConsoleApp) -> None:
        self._console = console
        self.turns: list[Turn] = []
        self.id = self.title = ""
        self.model: str | None = None
        self._is_model_known = False
        self.topic = Topic()
        self.typed = ""
        self.is_beside = False
        self.shown_by: list[Shown] = []
        self._coming: Turn | None = None

    @property
    def is_asking(self) -> bool:
        """Whether an answer is still coming."""
        return self._coming is not None

    def see_who_answers(self) -> None:
        """Find out about the model, once."""
        if not self._is_model_known:
            self._console.calls.start("see who answers", self._console.api.copilot.tools, done=self._take_tools)

    def _take_tools(self, found: Any) -> None:
        self.model, self._is_model_known = found.model, True
        self._tell_all()

    # -- asking

    def ask(self, question: str, topic: Topic) -> bool:
        """Ask, with what the question is asked beside. False, and said why, when that cannot be now."""
        if self.is_asking:
            self._console.say("The answer before is still coming.", "warning")
        elif not self._console.is_online:
            self._console.say("Offline: questions need the server.", "warning")
        else:
            turn = Turn(question)
            self.turns.append(turn)
            self._coming = turn  # from now on: a second question in the same packet finds the first one under way
            self.title = self.title or question
            self._tell_all()

            def failed(error: Exception) -> None:
                turn.text = writable(f"{turn.text}\n\n**✗ {error}**".lstrip())
                self._tell(turn)

            self._console.calls.start("answer", lambda: self._answer(turn, topic), failed=failed, group="copilot")
            return True
        return False

    async def _answer(self, turn: Turn, topic: Topic) -> bool:
        turn.forget()
        self._coming = turn
        try:
            async for part in self._parts(turn, topic):
                if turn not in self.turns:
                    break  # somebody began anew
                if part["type"] == "start":
                    self.id = str(part["conversationId"])
                turn.take(part)
                self._tell(turn)
        finally:
            if self._coming is turn:
                self._coming = None
            turn.is_over = True
            self._tell(turn)
        return True

    def _parts(self, turn: Turn, topic: Topic) -> AsyncIterator[Row]:
        from backend.copilot.schemas import ChatAsked

        given = topic.asked() | ({"conversation_id": self.id} if self.id else {})
        return self._console.api.copilot.chat(ChatAsked(message=turn.question, **given))

    # -- one after another

    def begin(self) -> None:
        """A new one; what was said is kept at the server."""
        self.open("", "", [])

    def open(self, id: str, title: str, turns: list[Turn]) -> None:
        """Go on with an earlier one."""
        self.id, self.title, self.turns, self._coming = id, title, turns, None
        self._tell_all()

    # -- what is proposed

    def proposal(self, *, is_draft: bool) -> tuple[Turn, Row] | None:
        """The latest that waits."""
        for turn in reversed(self.turns):
            for one in reversed(turn.proposals):
                if one["state"] == "OPEN" and (one["kind"] == "draft") == is_draft:
                    return turn, one
        return None

    def done(self, turn: Turn, one: Row) -> None:
        """It waits no more."""
        turn.proposals = [{**each, "state": "DONE"} if each is one else each for each in turn.proposals]
        self._tell(turn)

    def _tell(self, turn: Turn) -> None:
        for view in list(self.shown_by):
            view.came(turn)

    def _tell_all(self) -> None:
        for view in list(self.shown_by):
            view.anew()


def turns_of(messages: list[Row]) -> list[Turn]:
    """An earlier conversation as it was kept."""
    turns: list[Turn] = []
    for said in messages:
        if said["role"] == "member" or not turns:
            turns.append(Turn(str(said["text"]) if said["role"] == "member" else "", is_over=True))
        if said["role"] != "member":
            turn = turns[-1]
            turn.text = writable(str(said["text"]))
            turn.calls, turn.citations = list(said["calls"]), list(said["citations"])
            turn.proposals = list(said["proposals"])
    return turns
