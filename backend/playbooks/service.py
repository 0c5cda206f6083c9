"""Playbooks: listed, shown, made, changed, archived.

A shipped playbook is a row only once somebody changes it or it is started: until then it is read from what is shipped.
"""

from typing import Any

from sqlalchemy import select

from backend.core.clock import instant
from backend.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion, Unprocessable
from backend.events import log
from backend.events.event import Event
from backend.events.feed import frame_of
from backend.identity.permissions import ROLES
from backend.incidences.service import require_staff
from backend.playbooks import events, figures, repository, words
from backend.playbooks.documents import AssignStep, InterventionStep, NotifyStep, PlaybookDocument, Trigger, walk
from backend.playbooks.models import Playbook
from backend.playbooks.playbook_text import raw_of, write_yaml
from backend.playbooks.schemas import PlaybookChange, PlaybookMake
from backend.playbooks.shipped import id_of, shipped
from backend.work import Work

State = dict[str, Any]
AUDIENCES = ("customer", "owner", "agents", "supervisors", "admins")
_KEEPS = "supervisor"
_SINCE = 5


def list_playbooks(work: Work, *, status: str | None = None) -> State:
    """Every playbook with its figures, those that start by themselves first: PlaybookListed data."""
    as_of, counted = log.head_of(work.session, work.business_id), figures.of_all(work)
    found = sorted(all_of(work), key=lambda one: (one.status != "ACTIVE", not one.is_automatic, one.name.lower()))
    items = [
        read_of(work, one) | {"figures": figures.of_one(counted.get(one.id, ()), document_of(one))}
        for one in found
        if status in (None, one.status)
    ]
    return {"items": items, "nextCursor": None, "asOf": as_of}


def all_of(work: Work) -> list[Playbook]:
    """The rows, and the shipped ones that are no rows yet."""
    rows = list(work.session.scalars(select(Playbook).where(Playbook.business_id == work.business_id)))
    known = {row.id for row in rows}
    return rows + [one for name in shipped() if (one := _as_shipped(work, name)).id not in known]


def show(work: Work, id: str) -> State:
    """A playbook by id or name, in YAML and in words, with how each step does: PlaybookShown data."""
    one = playbook_of(work, id)
    document, names = document_of(one), repository.names_of(work.session, work.business_id)
    counted = figures.of_all(work)
    return read_of(work, one) | {
        "figures": figures.of_one(counted.get(one.id, ()), document),
        "yaml": write_yaml(one.name, one.description, document),
        "triggerWords": words.trigger_words(document.trigger),
        "goalWords": words.goal_words(document),
        "steps": words.document_words(document, names),
        "stepFigures": figures.of_steps(work, one.id, document),
    }


def make(work: Work, body: PlaybookMake, told: dict[str, str], document: PlaybookDocument | None) -> State:
    """A new playbook, of what `playbook_text.given` made of the body; it starts nobody by itself yet.

    Invalid without a name or a document; Conflict when there is one of that name; Unprocessable for a member who is
    not here.
    """
    me = require_staff(work)
    if "name" not in told or document is None:
        missing = "document" if "name" in told else "name"
        raise Invalid(f"{missing}: is missing. Give a name, and the steps as `document` or `yaml`.", field=missing)
    log.head(work.session, work.business_id)  # of two who make the same name, the second one sees the first
    _require_free(work, told["name"])
    _require_members(work, document)
    about = {"name": told["name"], "description": told.get("description", "")}
    row = Playbook(**about, document=raw_of(document), created_at=work.now, created_by=me, updated_at=work.now)
    row.status, row.is_automatic, row.number, row.version = "ACTIVE", False, 1, 1
    work.add(row)
    return _told(work, row, events.PlaybookCreated, {"reason": body.reason})


def change(work: Work, id: str, body: PlaybookChange, told: dict[str, str], document: PlaybookDocument | None) -> State:
    """Other words or steps, by who made it or a supervisor; a supervisor lets it start by itself, and archives it.

    StaleVersion when somebody changed it meanwhile. What is under way goes by the document that it began with.
    """
    row = _to_change(work, id, body.version)
    _require_keeping(work, row, is_grave=body.is_automatic is True or body.status is not None)
    if "name" in told and told["name"] != row.name:
        _require_free(work, told["name"])
        row.name = told["name"]
    row.description = told.get("description", row.description)
    if document is not None and document != document_of(row):
        _require_members(work, document)
        row.document, row.number = raw_of(document), row.number + 1
    if body.is_automatic is not None:
        row.is_automatic = body.is_automatic
    if body.status is not None:
        row.status = body.status
    if row.status == "ARCHIVED" and row.is_automatic:
        if body.is_automatic:
            raise Unprocessable("An archived playbook starts nobody.", code="PLAYBOOK_ARCHIVED", field="isAutomatic")
        row.is_automatic = False
    if row.is_automatic and document_of(row).trigger is None:
        words = "It has no trigger, so nothing would start it. Write one first: trigger, with after and when."
        raise Unprocessable(words, code="NO_TRIGGER", field="isAutomatic")
    row.updated_at = work.now
    if body.status == "ARCHIVED":
        return _told(work, row, events.PlaybookArchived, {"reason": body.reason})
    about = {"number": row.number, "isAutomatic": row.is_automatic, "reason": body.reason}
    return _told(work, row, events.PlaybookChanged, about)


# -- for those who start them


def playbook_of(work: Work, id: str) -> Playbook:
    """The playbook by its id, or by its name. NotFound otherwise. It is no row when it is as it was shipped."""
    found = next((one for one in all_of(work) if id in (one.id, one.name)), None)
    if found is None:
        raise NotFound(f"There is no playbook {id!r} here.", id=id)
    return found


def trigger_of(work: Work, id: str) -> tuple[str, Trigger | None]:
    """A playbook's id, and what starts it."""
    one = playbook_of(work, id)
    return one.id, document_of(one).trigger


def kept(work: Work, one: Playbook) -> Playbook:
    """The playbook as a row, made of the shipped one when it is none yet; the log must be held (see `log.head`)."""
    row = work.session.get(Playbook, one.id)
    return work.add(_as_shipped(work, one.name)) if row is None else row


def document_of(one: Playbook) -> PlaybookDocument:
    """Its document."""
    return PlaybookDocument.model_validate(one.document)


# -- inside


def _to_change(work: Work, id: str, version: int) -> Playbook:
    log.head(work.session, work.business_id)
    row = kept(work, playbook_of(work, id))
    work.session.refresh(row, with_for_update=True)
    if version != row.version:
        seen = [events.PlaybookCreated.type, events.PlaybookChanged.type, events.PlaybookArchived.type]
        rows = log.latest(work.session, work.business_id, seen=seen, before=None, limit=_SINCE, subject_id=row.id)
        since = [{key: frame_of(one)[key] for key in ("seq", "type", "actor", "at", "data")} for one in rows]
        said = f"Somebody changed {row.name!r} meanwhile: it is at version {row.version}. Look, then change it."
        raise StaleVersion(said, current=read_of(work, row), since=since)
    return row


def _require_keeping(work: Work, row: Playbook, *, is_grave: bool) -> None:
    me = require_staff(work)
    is_keeper = ROLES.index(work.actor.role or "agent") >= ROLES.index(_KEEPS)
    if not is_keeper and (is_grave or row.created_by != me):
        said = f"A {_KEEPS} lets playbooks start by themselves, archives them, and changes those of others."
        raise Forbidden(said, code="ROLE_TOO_LOW", role=_KEEPS)


def _require_free(work: Work, name: str) -> None:
    taken = next((one.id for one in all_of(work) if one.name == name), None)
    if taken is not None:
        raise Conflict(f"There is a playbook called {name!r} already.", code="NAME_TAKEN", playbookId=taken)


def _require_members(work: Work, document: PlaybookDocument) -> None:
    """Whoever a step names works here."""
    names = repository.names_of(work.session, work.business_id)
    known = {AssignStep: ("fair", "none"), InterventionStep: ("none",), NotifyStep: AUDIENCES}
    for step, _ in walk(document.steps):
        if isinstance(step, AssignStep | InterventionStep | NotifyStep) and step.to not in (*known[type(step)], *names):
            said = f"{step.id}: there is no member {step.to!r} here; write {', '.join(known[type(step)])} or a member's id."
            raise Unprocessable(said, code="UNKNOWN_MEMBER", field=f"steps.{step.id}.to")


def _as_shipped(work: Work, name: str) -> Playbook:
    about, document = shipped()[name]
    return Playbook(
        id=id_of(work.business_id, name),
        business_id=work.business_id,
        name=name,
        description=about,
        status="ACTIVE",
        is_automatic=False,
        document=raw_of(document),
        number=1,
        version=1,
        created_at=work.now,
        updated_at=work.now,
    )


def _told(work: Work, row: Playbook, event: type[Event], data: State) -> State:
    """Finish a verb: the playbook gets its next version, and the event carries the state after it."""
    if event is not events.PlaybookCreated:
        row.version += 1
    work.session.flush()
    state = read_of(work, row)
    work.emit(event(subject_id=row.id, state=state, data={"name": row.name, **data}))
    return state


def read_of(work: Work, one: Playbook) -> State:
    """PlaybookRead data."""
    is_shipped = one.number == 1 and one.name in shipped() and one.id == id_of(work.business_id, one.name)
    return {
        "playbookId": one.id,
        "version": one.version,
        "name": one.name,
        "description": one.description,
        "status": one.status,
        "isAutomatic": one.is_automatic,
        "number": one.number,
        "document": document_of(one).model_dump(mode="json", by_alias=True),
        "isShipped": is_shipped,
        "createdAt": None if is_shipped else instant(one.created_at),
        "createdBy": one.created_by,
        "updatedAt": None if is_shipped else instant(one.updated_at),
    }
