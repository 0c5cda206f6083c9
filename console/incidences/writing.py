"""Writing in a case: the draft that is always kept, sending once, and stopping when something arrived meanwhile."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from textual.content import Content

from backend.incidences.macro_texts import placeholders_in
from console.desk import wording
from console.drafts import Draft
from console.incidences.naming import named
from console.incidences.story import Story
from widgets.composer import Composer, Mode

if TYPE_CHECKING:
    from backend.incidences.macro_schemas import MacroDone, MacroPreview
    from backend.incidences.schemas import Posted
    from console.incidences.casework import Casework

OFFERED = "tab writes "
"""Begins what the border says while names are offered."""

TYPING_LASTS = 3.0
"""Seconds after the last key during which colleagues see that one types."""


class Writing:
    """The composer of one case. A text leaves it only when the server has it, or the outbox for a note."""

    def __init__(self, screen: Casework, composer: Composer, story: Story) -> None:
        self.screen, self.composer, self.story = screen, composer, story
        self.is_sending = False
        self._tried: tuple[str, Mode, str, int] | None = None
        self._typed_at = float("-inf")
        self._note = ""
        self._dressed: tuple[str, ...] = ()
        self._macro: tuple[str, str] | None = None
        """Id of the macro that filled the reply, and what sending does also, in words; kept with the draft."""

    @property
    def draft(self) -> Draft | None:
        """What was written here, in the composer's mode, and not sent."""
        return self._draft_of(self.composer.mode)

    def _draft_of(self, mode: Mode) -> Draft | None:
        session = self.screen.console.session
        return None if session is None else session.drafts.of(self.story.incidence_id, mode)

    def begin(self) -> None:
        """Bring the draft back: the reply, else the note."""
        self._show("note" if self._draft_of("note") and not self._draft_of("reply") else "reply")

    def open(self, mode: Mode) -> None:
        """Write, in a mode. What was begun in the other one waits there: a note must never become a reply."""
        if mode != self.composer.mode:
            self.changed()
            self._show(mode)
            self._say(self._macro[1] if self._macro is not None and mode == "reply" else "")
        self.composer.screen.set_focus(self.composer)  # at once, so that what is typed next is text and no verb
        self.changed()

    def use(self, macro: MacroPreview) -> None:
        """Put a macro's reply before the person, after what they began; the rest is done with it when they send it."""
        self.open("reply")
        begun = self.composer.text.rstrip()
        also = [*macro.does, *(["the note"] if macro.note else [])]
        said = f"{macro.name} · sending also: {', '.join(also)}" if also else macro.name
        self._macro = (macro.macro_id, said)
        self.composer.load_text(f"{begun}\n\n{macro.reply}" if begun else macro.reply or "")
        self.composer.move_cursor(self.composer.document.end)
        self.changed()
        self._say(said)

    def insert(self, text: str) -> None:
        """Put a text after the reply that was begun. It is not sent."""
        if self.composer.mode != "reply":
            self.changed()
            self._show("reply")
        begun = self.composer.text.rstrip()
        self.composer.load_text(f"{begun}\n\n{text}" if begun else text)
        self.composer.move_cursor(self.composer.document.end)
        self.changed()

    def _show(self, mode: Mode) -> None:
        draft = self._draft_of(mode)
        with self.composer.prevent(Composer.Changed):  # nobody wrote it
            self.composer.mode = mode
            self.composer.load_text(draft.text if draft else "")
        self.composer.move_cursor(self.composer.document.end)
        if mode == "reply" and draft is not None and draft.macro_id:
            self._macro = (draft.macro_id, draft.macro_said)
            self._note = draft.macro_said
        self.dress()

    def dress(self) -> None:
        """Say to whom it goes, or why it cannot."""
        row = self.screen.selected()
        if row is None:
            return
        closed = row["status"] == "CLOSED" and self.composer.mode == "reply"
        dress = (wording.customer(dict(row)), row["ref"] if closed else "", self.composer.mode, self._note)
        if dress == self._dressed:  # a border drawn again is sent again
            return
        self._dressed = dress
        self.composer.set_titles(f"Reply to {dress[0]} · the customer sees this", "Note · only the team sees this")
        self.composer.refusal = f"{row['ref']} is closed; X reopens it, c writes a note" if closed else ""
        if self._note and not closed:
            self.composer.border_subtitle = Content(self._note)

    def _say(self, note: str) -> None:
        """Say in the composer's border how it stands; the empty text brings the keys back."""
        self._note = note
        self.dress()

    def changed(self) -> None:
        """Another letter: keep it."""
        session = self.screen.console.session
        if session is not None:
            id, mode, text = self.story.incidence_id, self.composer.mode, self.composer.text
            macro_id, macro_said = self._macro if self._macro is not None and mode == "reply" else ("", "")
            session.drafts.keep(Draft(id, mode, text, self.story.seen_seq, macro_id, macro_said))
            if mode == "reply" and not text.strip():
                session.outbox.forget_reply(id)
        if self.composer.has_focus and self.composer.text.strip():
            self._typed_at = monotonic()
        if self._macro is not None and self.composer.mode == "reply" and not self.composer.text.strip():
            self._macro = None  # given up
            self._say("")
        self._offer_names()

    def _offer_names(self) -> None:
        """After an @ in a note: the colleagues that it could mean; tab writes the first."""
        word, names = self.composer.word, []
        if self.composer.mode == "note" and word.startswith("@"):
            names = [f"@{name}" for name in named(word[1:], self.screen.store.members.values())]
        self.composer.completions = [] if names == [word.casefold()] else names
        if self.composer.completions:
            self._say(f"{OFFERED}{'  '.join(names[:4])}")
        elif self._note.startswith(OFFERED):
            self._say("")

    @property
    def is_typing(self) -> bool:
        """Whether colleagues should see that one types."""
        return monotonic() - self._typed_at < TYPING_LASTS

    # -- sending

    def send(self, text: str, mode: Mode) -> None:
        """Send it, unless it is on its way already."""
        row = self.screen.selected()
        if self.is_sending or row is None:
            return
        if not self.screen.console.is_online:
            self._keep_for_later(row, text, mode)
            return
        macro = self._macro if mode == "reply" else None
        if macro is not None and (left := list(placeholders_in(text))):
            self.screen.console.say(f"Nothing is known for {{{left[0]}}}: write it yourself, then send.", "warning")
            return
        self.is_sending = True
        self._say("sending …")
        id, api = self.story.incidence_id, self.screen.console.api
        key, seen = self._request(text, mode)

        async def call() -> Posted | MacroDone:
            from backend.incidences.macro_schemas import MacroRun
            from backend.incidences.schemas import MessageSend, NoteAdd

            if macro is not None:
                body = MacroRun(macro_id=macro[0], text=text, last_seen_seq=seen)
                return await api.macros.run(id, body, idempotency_key=key)
            if mode == "note":
                return await api.agent.note(id, NoteAdd(text=text), idempotency_key=key)
            return await api.incidences.send(id, MessageSend(text=text, last_seen_seq=seen), idempotency_key=key)

        what = f"{'send the reply to' if mode == 'reply' else 'note on'} {row['ref']}"
        self.screen.console.calls.start(
            what,
            call,
            done=lambda answer: self._sent(answer, mode, text),
            failed=lambda error: self._failed(error, seen),
        )

    def _request(self, text: str, mode: Mode) -> tuple[str, int]:
        """Idempotency key and newest message seen. The same text is the same request, so that sending it again when
        the answer was lost does not send it twice."""
        if self._tried is None or self._tried[:2] != (text, mode):
            self._tried = (text, mode, str(uuid4()), self.story.seen_seq)
        return self._tried[2:]

    @property
    def _is_here(self) -> bool:
        """Whether the composer still is this case's: one may have gone on while it was sent."""
        return self.screen.is_showing(self.story.incidence_id) and self.screen.writing is self

    def _sent(self, answer: Posted | MacroDone, mode: Mode, text: str) -> None:
        """It is there. What was written on meanwhile, here or on another screen, is another text and stays."""
        self.is_sending, self._tried = False, None
        if mode == "reply":
            self._macro = None
        self._typed_at = float("-inf")
        self.screen.keep(answer.incidence)
        session = self.screen.console.session
        if session is not None:
            if mode == "reply":
                session.outbox.forget_reply(self.story.incidence_id)
            draft = session.drafts.of(self.story.incidence_id, mode)
            if draft is not None and draft.text.strip() == text.strip():
                session.drafts.drop(self.story.incidence_id, mode)
        if self._is_here:
            self._say("")
            self.story.has_seen(answer.incidence.last_message_seq)
            if self.composer.mode == mode and self.composer.text.strip() == text.strip():
                self.composer.load_text("")
            self.story.timeline.mark_new_since(None)
            self.screen.written()
        if answer.unknown_mentions:
            names = ", ".join(f"@{name}" for name in answer.unknown_mentions)
            self.screen.console.say(f"The note is there, but {names} is nobody here, or several.", "warning")

    def _failed(self, error: Exception, seen: int) -> None:
        self.is_sending = False
        details: dict[str, Any] = getattr(error, "details", {})
        is_stale = getattr(error, "code", "") == "STALE_CONVERSATION"
        if is_stale:
            self._tried = None  # the next one is another request: it has seen more
        if not self._is_here:
            return
        if is_stale:
            self.story.show_arrived(details.get("since", ()), seen)
            self.story.has_seen(int((details.get("current") or {}).get("lastMessageSeq", 0)))
            self._say("something arrived · read it, then send once more")
        else:
            self._say("not sent · it stays here")

    def _keep_for_later(self, row: Any, text: str, mode: Mode) -> None:
        """Offline: a note goes by itself later; a reply stays a draft, because the customer would see it."""
        session = self.screen.console.session
        if mode == "note" and session is not None:
            with self.screen.console.guard("keep the note"):
                session.outbox.put("note", dict(row), text)
                session.drafts.drop(self.story.incidence_id, mode)
                self.composer.load_text("")
                self.story.show_queued()
                self.screen.console.say("Offline. The note is kept and goes by itself when the server answers.")
        else:
            if session is not None:  # where all that waits is listed, with what happens in between
                with self.screen.console.guard("keep the reply"):
                    session.outbox.put("reply", dict(row), text)
            self._say("offline · kept as a draft")
            self.screen.console.say(
                "Offline. The reply stays here as a draft; send it yourself when the server answers.", "warning"
            )
