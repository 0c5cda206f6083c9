"""Macros: what is done to many cases alike, under a name. One transaction, and every event says which macro it is of.

A macro never speaks to a customer by itself: its reply is put before a person, and what they send comes back with it.
"""

from datetime import timedelta

from sqlalchemy import or_, select

from backend.core.clock import instant
from backend.core.errors import Conflict, Forbidden, NotFound, StaleVersion, Unprocessable
from backend.identity.models import Member, User
from backend.identity.permissions import ROLES
from backend.identity.service import business_of
from backend.incidences import events, guards, labels, notes
from backend.incidences.macro_schemas import MacroChange, MacroMake, MacroRun, MacroSteps
from backend.incidences.macro_texts import filled, placeholders_in
from backend.incidences.models import Incidence, Macro
from backend.incidences.schemas import MessageSend
from backend.incidences.service import State, apply, expect, incidence_of, require_staff, send_message, shown
from backend.rules.wording import duration_in_words
from backend.work import Work

_SHARES = "supervisor"


def list_macros(work: Work) -> State:
    """One's own and everybody's, by name."""
    me = require_staff(work)
    mine = or_(Macro.is_shared, Macro.owner_id == me)
    found = work.session.scalars(select(Macro).where(mine, Macro.deleted_at.is_(None)).order_by(Macro.name, Macro.id))
    return {"items": [read_of(macro) for macro in found]}


def make(work: Work, body: MacroMake) -> State:
    """A new macro. Forbidden to agents for everybody; Conflict when there is one of that name."""
    me = require_staff(work)
    if body.is_shared:
        _require_sharing(work)
    _require_free(work, body.name, body.is_shared, me)
    _require_member(work, body.steps)
    macro = work.add(
        Macro(
            name=body.name,
            is_shared=body.is_shared,
            owner_id=me,
            steps=_kept(body.steps),
            created_at=work.now,
            updated_at=work.now,
        )
    )
    return _told(work, macro)


def change(work: Work, id: str, body: MacroChange) -> State:
    """Another name, other steps, or for everybody: by its owner, or for a shared one by a supervisor."""
    macro = _own(work, id)
    if body.version != macro.version:
        raise StaleVersion("Somebody changed this macro meanwhile.", current=read_of(macro), since=[])
    is_shared = macro.is_shared if body.is_shared is None else body.is_shared
    if is_shared != macro.is_shared:
        _require_sharing(work)
    name = body.name or macro.name
    if (name, is_shared) != (macro.name, macro.is_shared):
        _require_free(work, name, is_shared, macro.owner_id, but=macro.id)
    if body.steps is not None:
        _require_member(work, body.steps)
        macro.steps = _kept(body.steps)
    macro.name, macro.is_shared = name, is_shared
    macro.version, macro.updated_at = macro.version + 1, work.now
    return _told(work, macro)


def delete(work: Work, id: str) -> None:
    """Take it away; what it did stays."""
    macro = _own(work, id)
    macro.deleted_at, macro.version = work.now, macro.version + 1
    work.session.flush()
    work.emit(events.MacroDeleted(subject_id=macro.id, data=_about(macro)))


def run(work: Work, id: str, body: MacroRun) -> State:
    """Do a macro to a case, or with `dry_run` tell what it comes to. Nothing is done unless all of it can be.

    Unprocessable when a placeholder is left in a text, or a reply is wanted and none was given.
    """
    me = require_staff(work)
    macro = _visible(work, body.macro_id, me)
    row = incidence_of(work, id, to_change=not body.dry_run)
    expect(work, row, body.version)
    steps = MacroSteps.model_validate(macro.steps)
    about = shown(work, row) | {"writer": work.actor.name, "business": business_of(work).name}
    reply, left = filled(steps.reply, about) if steps.reply else (None, [])
    note, left_in_note = filled(steps.note, about) if steps.note else (None, [])
    if body.dry_run:
        return {
            "dryRun": True,
            "macroId": macro.id,
            "name": macro.name,
            "reply": reply,
            "note": note,
            "unresolved": list(dict.fromkeys([*left, *left_in_note])),
            "does": _in_words(work, steps),
            "version": row.version,
        }
    if steps.reply and (body.text is None or body.last_seen_seq is None):
        raise Unprocessable(
            "This macro replies: give the text as it was looked at, and lastSeenSeq.", code="REPLY_NEEDED", reply=reply
        )
    if body.text is not None and not steps.reply:
        raise Unprocessable("This macro sends nothing to the customer.", code="NO_REPLY_WANTED")
    unresolved = [*placeholders_in(body.text or ""), *left_in_note]
    if unresolved:
        raise Unprocessable(
            f"Nothing is known for {{{unresolved[0]}}}. Write it yourself.",
            code="UNRESOLVED_PLACEHOLDER",
            placeholders=list(dict.fromkeys(unresolved)),
        )
    return _do(work, row, steps, note, body, {"macroId": macro.id, "name": macro.name})


def _do(work: Work, row: Incidence, steps: MacroSteps, note: str | None, body: MacroRun, macro: State) -> State:
    first, unknown = len(work.emitted), []
    if body.text is not None and body.last_seen_seq is not None:
        send_message(work, row.id, MessageSend(text=body.text, last_seen_seq=body.last_seen_seq), macro=macro)
    if note is not None:
        unknown = notes.write(work, row, note, macro=macro)["unknownMentions"]
    if steps.add or steps.remove:
        labels.put(work, row, steps.add, steps.remove, macro=macro)
    if wanted := _wanted(work, steps):
        guards.ask(work, row, wanted)
        apply(work, row, wanted, macro=macro)
    seqs = [event.seq for event in work.emitted[first:]]
    return {"incidence": shown(work, row), "seqs": seqs, "unknownMentions": unknown}


def _wanted(work: Work, steps: MacroSteps) -> State:
    """The change of the case, as fields of IncidenceChange."""
    wanted: State = {}
    if steps.agent is not None:
        wanted["agent_id"] = {"me": work.actor.id, "none": None}.get(steps.agent, steps.agent)
    if steps.snooze_minutes is not None:
        wanted |= {"status": "SNOOZED", "snoozed_until": work.now + timedelta(minutes=steps.snooze_minutes)}
    for name in ("priority", "status", "outcome", "issue_category"):
        if (value := getattr(steps, name)) is not None:
            wanted[name] = value
    return wanted


def _in_words(work: Work, steps: MacroSteps) -> list[str]:
    """What it does beside what it writes."""
    said = [f"label #{name}" for name in steps.add] + [f"take #{name} off" for name in steps.remove]
    if steps.agent is not None:
        to = {"me": "you", "none": "nobody"}.get(steps.agent) or _name_of(work, steps.agent)
        said.append(f"give it to {to}")
    if steps.priority is not None:
        said.append(f"priority {steps.priority}")
    if steps.status is not None:
        said.append("wait for the customer" if steps.status == "WAITING" else "open it")
    if steps.snooze_minutes is not None:
        said.append(f"snooze it for {duration_in_words(60 * steps.snooze_minutes)}")
    if steps.issue_category is not None:
        said.append(f"category {steps.issue_category}")
    if steps.outcome is not None:
        said.append(f"close it: {steps.outcome.lower()}")
    return said


def _name_of(work: Work, member_id: str) -> str:
    member = work.session.get(Member, member_id)
    return "somebody" if member is None else work.session.get_one(User, member.user_id).name


# -- whose it is


def _visible(work: Work, id: str, me: str) -> Macro:
    macro = work.session.get(Macro, id)
    is_here = macro is not None and macro.business_id == work.business_id and macro.deleted_at is None
    if macro is None or not is_here or not (macro.is_shared or macro.owner_id == me):
        raise NotFound(f"There is no macro {id!r} here.", id=id)
    return macro


def _own(work: Work, id: str) -> Macro:
    macro = _visible(work, id, me := require_staff(work))
    work.session.refresh(macro, with_for_update=True)
    if macro.deleted_at is not None:
        raise NotFound(f"There is no macro {id!r} here.", id=id)
    if macro.is_shared:
        _require_sharing(work)
    elif macro.owner_id != me:
        raise NotFound(f"There is no macro {id!r} here.", id=id)
    return macro


def _require_sharing(work: Work) -> None:
    if ROLES.index(work.actor.role or "agent") < ROLES.index(_SHARES):
        raise Forbidden(f"Macros for everybody are kept by a {_SHARES}.", code="ROLE_TOO_LOW", role=_SHARES)


def _require_free(work: Work, name: str, is_shared: bool, owner_id: str, but: str = "") -> None:
    """A name means one macro to whoever sees it."""
    same = (Macro.name == name) & (Macro.is_shared if is_shared else Macro.owner_id == owner_id)
    taken = work.session.scalars(select(Macro.id).where(same, Macro.deleted_at.is_(None), Macro.id != but)).first()
    if taken is not None:
        raise Conflict(f"There is a macro called {name!r} already.", code="NAME_TAKEN", macroId=taken)


def _require_member(work: Work, steps: MacroSteps) -> None:
    if steps.agent in (None, "me", "none"):
        return
    member = work.session.get(Member, steps.agent)
    if member is None or member.business_id != work.business_id or member.removed_at is not None:
        raise Unprocessable("There is no such member here to give it to.", code="UNKNOWN_MEMBER", field="steps.agent")


def _kept(steps: MacroSteps) -> State:
    return steps.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _told(work: Work, macro: Macro) -> State:
    work.session.flush()
    work.emit(events.MacroChanged(subject_id=macro.id, data=_about(macro)))
    return read_of(macro)


def _about(macro: Macro) -> State:
    """Of a macro of one's own, others learn no more than that there is one."""
    return {"isShared": True, "name": macro.name} if macro.is_shared else {"isShared": False}


def read_of(macro: Macro) -> State:
    """MacroRead data."""
    return {
        "macroId": macro.id,
        "version": macro.version,
        "name": macro.name,
        "isShared": macro.is_shared,
        "ownerId": macro.owner_id,
        "steps": MacroSteps.model_validate(macro.steps).model_dump(mode="json", by_alias=True),
        "updatedAt": instant(macro.updated_at),
    }
