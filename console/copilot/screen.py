"""Copilot (`g t`): questions and answers that stream, what they were made of, and proposals that wait for a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from console.copilot import words
from console.copilot.exchange import Exchange
from console.copilot.words import About
from console.drafts import Draft
from console.frame.screen import FrameScreen
from console.twin import told
from widgets.entry import Entry
from widgets.plain import writable
from widgets.prompt import Confirm

Row = Mapping[str, Any]
_WELCOME = (
    "Ask about a case, a customer, offers, rules, the queue, metrics, readiness, or your documents.\n"
    "It changes nothing: replies go into a draft when you say so, and nothing is ever sent by it."
)


class CopilotScreen(FrameScreen):
    """A conversation. Come from a case or a customer, “this” means that one."""

    family: ClassVar[str] = "copilot"
    heading: ClassVar[str] = "Copilot"
    CSS_PATH = "screen.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._about = About()
        self._model: str | None = None
        self._conversation = ""
        self._is_asking = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="about", markup=False)
        with VerticalScroll(id="main", can_focus=True):
            yield Static(Content(_WELCOME), id="welcome", markup=False)
        yield Entry(placeholder="Ask …", id="ask")

    def on_mount(self) -> None:
        """Find out who answers."""
        super().on_mount()
        self.query_one("#main", VerticalScroll).anchor()
        self._show_about()
        self.console.calls.start("see who answers", self.console.api.copilot.tools, done=self._take_tools)

    def _take_tools(self, found: Any) -> None:
        self._model = found.model
        if self.is_attached:
            self._show_about()

    def _show_about(self) -> None:
        self.query_one("#about", Static).update(Content(words.heading(self._model, self._about)))

    def ask_about(self, about: About) -> None:
        """From now on “this” means that case or customer; nothing, where one came from neither."""
        self._about = about
        if self.is_mounted:
            self._show_about()

    # -- asking

    def action_copilot_ask(self, question: str = "") -> None:
        """Ask; without words, write them."""
        if not question.strip():
            self.query_one("#ask").focus()
        elif self._is_asking:
            self.console.say("The answer before is still coming.", "warning")
        else:
            self._question(question.strip())

    @on(Input.Submitted, "#ask")
    async def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() and not self._is_asking and self.console.is_online:
            event.input.clear()
            self._question(event.value.strip())
        elif not self.console.is_online:
            self.console.say("Offline: questions need the server.", "warning")

    def _question(self, question: str) -> None:
        from backend.copilot.schemas import ChatAsked

        given = {
            "conversation_id": self._conversation,
            "incidence_id": self._about.incidence_id,
            "customer_id": self._about.customer_id,
        }
        body = ChatAsked(message=question, **{name: value for name, value in given.items() if value})
        self._is_asking = True
        self.recheck()

        async def answered() -> bool:
            exchange = Exchange(question)
            self.query_one("#welcome").display = False
            await self.query_one("#main").mount(exchange)
            try:
                async for part in self.console.api.copilot.chat(body):
                    if not exchange.is_attached:
                        break  # somebody began anew
                    if part["type"] == "start":
                        self._conversation = str(part["conversationId"])
                    await exchange.take(part)
            finally:
                self._is_asking = False
                await exchange.end()
                self.recheck()
            return True

        self.console.calls.start("answer", answered, group="copilot")

    def action_copilot_new(self) -> None:
        """Begin anew; what was said is kept at the server."""
        self._conversation = ""
        self.query(Exchange).remove()
        self.query_one("#welcome").display = True
        self.recheck()

    def action_copilot_forget(self) -> None:
        """Erase the conversation."""
        id, api = self._conversation, self.console.api

        def gone(_: Any) -> None:
            self.console.say("The conversation is erased.")
            if self.is_attached:
                self.action_copilot_new()

        async def forget() -> bool:
            await api.copilot.forget(id)
            return True

        self.console.calls.start("erase the conversation", forget, done=gone)

    # -- proposals

    def _proposal(self, *, is_draft: bool) -> tuple[Exchange, Row] | None:
        """The latest that waits."""
        for exchange in reversed(list(self.query(Exchange))):
            for one in reversed(exchange.proposals):
                if one["state"] == "OPEN" and (one["kind"] == "draft") == is_draft:
                    return exchange, one
        return None

    def verdicts(self) -> Mapping[str, str]:
        """What waits can be done."""
        if not self.is_mounted:
            return {}
        refused = {}
        if self._proposal(is_draft=True) is None:
            refused["copilot_insert"] = "No reply is proposed. Ask for one: draft a reply."
        if self._proposal(is_draft=False) is None:
            refused["copilot_do"] = "Nothing is proposed that could be carried out."
        if not self._conversation:
            refused["copilot_forget"] = "Nothing was asked yet."
        return refused

    def action_copilot_insert(self) -> None:
        """Put the proposed reply into the draft of its case, after what was begun there. Nothing is sent."""
        found, session = self._proposal(is_draft=True), self.console.session
        if found is None or session is None:
            return
        exchange, one = found
        given, api = one["arguments"], self.console.api
        id, text = str(given["incidenceId"]), writable(str(given["text"]))

        def inserted(row: Any) -> None:
            for screen in self.console.frames():
                writing = getattr(screen, "writing", None)
                if writing is not None and writing.story.incidence_id == id:
                    writing.insert(text)
                    break
            else:
                begun = session.drafts.of(id, "reply")
                whole = f"{begun.text.rstrip()}\n\n{text}" if begun else text
                session.drafts.keep(Draft(id, "reply", whole, begun.base_seq if begun else row.last_message_seq))
            self._done(exchange, one)
            self.console.say(f"It is in the draft of {row.ref}. You send it, from there.")

        self.console.calls.start("read the case", lambda: api.incidences.show(id), done=inserted)

    def action_copilot_do(self) -> None:
        """Carry out what was proposed, after a yes."""
        found, api, conversation = self._proposal(is_draft=False), self.console.api, self._conversation
        if found is None:
            return
        exchange, one = found

        def done(answer: Any) -> None:
            self._done(exchange, one)
            self.console.say(told(answer)["words"])

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                call = lambda: api.copilot.carry_out(conversation, one["id"])  # noqa: E731
                self.console.calls.start("carry it out", call, done=done)

        pairs = [(name, str(value)) for name, value in one["arguments"].items()]
        self.app.push_screen(Confirm(one["words"], pairs, yes="Do it", no="Leave it", role="warning"), answered)

    def _done(self, exchange: Exchange, one: Row) -> None:
        exchange.proposals = [{**each, "state": "DONE"} if each is one else each for each in exchange.proposals]
        if exchange.is_attached:
            exchange.show_footing()
        self.recheck()

    # -- moving

    def action_back(self) -> None:
        """Leave the line in which one asks; what is typed stays."""
        if self.focused is self.query_one("#ask"):
            self.query_one("#main").focus()
        else:
            super().action_back()

    def action_move_down(self) -> None:
        self.query_one("#main").scroll_down(animate=False)

    def action_move_up(self) -> None:
        self.query_one("#main").scroll_up(animate=False)

    def action_move_first(self) -> None:
        self.query_one("#main").scroll_home(animate=False)

    def action_move_last(self) -> None:
        self.query_one("#main").scroll_end(animate=False)

    def action_page_down(self) -> None:
        self.query_one("#main").scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        self.query_one("#main").scroll_page_up(animate=False)

    async def action_close(self) -> None:
        """Back to where one came from."""
        await self.console.go_back()
