"""What the copilot proposed, done by a person's key: a reply into the draft of its case, or a change after a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.drafts import Draft
from console.twin import told
from widgets.plain import writable
from widgets.prompt import Confirm

if TYPE_CHECKING:
    from console.app import ConsoleApp

NO_DRAFT = "No reply is proposed. Ask for one: draft a reply."
NOTHING = "Nothing is proposed that could be carried out."


def insert(console: ConsoleApp) -> None:
    """Put the proposed reply into the draft of its case, after what was begun there. Nothing is sent."""
    session = console.session
    if session is None or (found := session.talk.proposal(is_draft=True)) is None:
        console.say(NO_DRAFT, "warning")
        return
    turn, one = found
    given, api = one["arguments"], console.api
    id, text = str(given["incidenceId"]), writable(str(given["text"]))

    def inserted(row: Any) -> None:
        for screen in console.frames():
            writing = getattr(screen, "writing", None)
            if writing is not None and writing.story.incidence_id == id:
                writing.insert(text)
                break
        else:
            begun = session.drafts.of(id, "reply")
            whole = f"{begun.text.rstrip()}\n\n{text}" if begun else text
            session.drafts.keep(Draft(id, "reply", whole, begun.base_seq if begun else row.last_message_seq))
        session.talk.done(turn, one)
        console.say(f"It is in the draft of {row.ref}. You send it, from there.")

    console.calls.start("read the case", lambda: api.incidences.show(id), done=inserted)


def carry_out(console: ConsoleApp) -> None:
    """Carry out what was proposed, after a yes."""
    session = console.session
    if session is None or (found := session.talk.proposal(is_draft=False)) is None:
        console.say(NOTHING, "warning")
        return
    turn, one = found
    api, conversation = console.api, session.talk.id

    def done(answer: Any) -> None:
        session.talk.done(turn, one)
        console.say(told(answer)["words"])

    def answered(is_yes: bool | None) -> None:
        if is_yes:
            call = lambda: api.copilot.carry_out(conversation, one["id"])  # noqa: E731
            console.calls.start("carry it out", call, done=done)

    pairs = [(name, str(value)) for name, value in one["arguments"].items()]
    console.push_screen(Confirm(one["words"], pairs, yes="Do it", no="Leave it", role="warning"), answered)
