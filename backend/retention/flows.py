"""Flows: made, changed, put before customers, archived. Documents are versions; customers meet the activated one.

A shipped flow is a row only once somebody changes it or a customer meets it: until then it is read from what is shipped.
"""

from typing import Any

from sqlalchemy import select

from backend.core.clock import instant
from backend.core.errors import Conflict, Invalid, NotFound, StaleVersion, Unprocessable
from backend.events import log
from backend.events.event import Event
from backend.retention import events, repository
from backend.retention.flow_schemas import FlowActivate, FlowChange, FlowDocument, FlowMake
from backend.retention.flow_text import check_document, diff_of, read_yaml, write_yaml
from backend.retention.flow_words import changes_between, document_words
from backend.retention.models import Flow, FlowVersion
from backend.retention.shipped_flows import SHIPPED, id_of
from backend.rules import service as rules
from backend.work import Work

KIND = "flow"
_SHIPPED_REASON = "as shipped"
State = dict[str, Any]


def list_flows(work: Work, *, status: str | None = None) -> State:
    """Every flow, those that customers meet first: FlowRead data."""
    as_of, order = log.head_of(work.session, work.business_id), ("ACTIVE", "DRAFT", "ARCHIVED")
    found = sorted(all_of(work), key=lambda flow: (order.index(flow.status), flow.name.lower(), flow.id))
    items = [read_of(work, flow) for flow in found if status is None or flow.status == status]
    return {"items": items, "nextCursor": None, "asOf": as_of}


def all_of(work: Work) -> list[Flow]:
    """The rows, and the shipped ones that are no rows yet."""
    rows = list(work.session.scalars(select(Flow).where(Flow.business_id == work.business_id)))
    known = {row.id for row in rows}
    return rows + [flow for name in SHIPPED if (flow := _as_shipped(work, name)).id not in known]


def show(work: Work, id: str) -> State:
    """A flow with its YAML and its steps in words: FlowShown data."""
    flow = flow_of(work, id)
    document = document_of(flow)
    return read_of(work, flow) | {"yaml": write_yaml(flow.name, document), "words": document_words(document)}


def make(work: Work, body: FlowMake) -> State:
    """A new draft. Invalid without a name or a document; Conflict when there is one of that name."""
    name, document = _given(body)
    name = body.name or name
    if name is None or document is None:
        missing = "name" if name is None else "document"
        raise Invalid(f"{missing}: is missing. Give a name, and the steps as `document` or `yaml`.", field=missing)
    log.head(work.session, work.business_id)  # of two who make the same name, the second one sees the first
    _require_free(work, name)
    flow = Flow(name=name, document=_raw(document), created_at=work.now, created_by=work.actor.id, version=1)
    work.add(flow)
    _keep_version(work, flow, body.reason or "made")
    return _told(work, flow, events.FlowCreated, {"reason": body.reason})


def change(work: Work, id: str, body: FlowChange) -> State:
    """Another name or other steps, archived or a draft again. Customers meet other steps once they are activated.

    StaleVersion when somebody changed it meanwhile; Conflict for a name that is taken, or that a rule leads to.
    """
    flow = _to_change(work, id, body.version)
    _, document = _given(body)
    if body.name is not None and body.name != flow.name:
        _require_free(work, body.name)
        if led := _segments(work, flow, by_name=True):
            words = f"The rule “{led[0]}” leads to {flow.name!r} by its name. Let it lead to {flow.id} first."
            raise Conflict(words, code="NAME_IN_USE", rules=led)
        flow.name = body.name
    is_new = document is not None and document != document_of(flow)
    if document is not None and is_new:
        flow.document, flow.number = _raw(document), flow.number + 1
        _keep_version(work, flow, body.reason or "changed")
    if body.status == "ARCHIVED" and flow.status != "ARCHIVED":
        flow.status, flow.active_number = "ARCHIVED", None
        return _told(work, flow, events.FlowArchived, {"reason": body.reason})
    if body.status == "DRAFT" and flow.status == "ARCHIVED":
        flow.status = "DRAFT"
    elif body.status == "DRAFT" and flow.status == "ACTIVE":
        raise Unprocessable("Customers meet it. Archive it first.", code="FLOW_ACTIVE", field="status")
    return _told(work, flow, events.FlowChanged, {"number": flow.number, "reason": body.reason})


def activate(work: Work, id: str, body: FlowActivate) -> State:
    """Customers whom a segment leads to it meet its newest document from now on, or the one numbered `number`."""
    flow = _to_change(work, id, body.version)
    number = body.number or flow.number
    document = version_of(work, flow, number)
    check_document(document)  # the facts that conditions may ask about can be fewer than when it was written
    if flow.status == "ACTIVE" and flow.active_number == number:
        raise Unprocessable(f"Customers meet document {number} already.", code="ALREADY_ACTIVE", field="number")
    flow.status, flow.active_number, flow.activated_at = "ACTIVE", number, work.now
    return _told(work, flow, events.FlowActivated, {"number": number, "reason": body.reason})


def versions(work: Work, id: str) -> State:
    """Its documents, the newest first, each with what it changed: FlowVersionRead data."""
    flow = flow_of(work, id)
    rows = repository.versions_of(work.session, work.business_id, flow.id) or [_first_version(work, flow)]
    documents = {row.number: FlowDocument.model_validate(row.document) for row in rows}
    names = repository.names_of(work.session, [row.by for row in rows if row.by])
    items = [
        {
            "number": row.number,
            "reason": row.reason,
            "by": row.by,
            "byName": names.get(row.by or ""),
            "at": instant(row.at) if row.by or row.reason != _SHIPPED_REASON else None,
            "isActive": row.number == flow.active_number,
            "changes": changes_between(documents[row.number - 1], documents[row.number]) if row.number > 1 else [],
            "document": row.document,
        }
        for row in rows
    ]
    return {"items": items, "nextCursor": None}


def diff(work: Work, id: str, before: int, after: int) -> State:
    """What one of its documents has other than another: FlowDiff data."""
    flow = flow_of(work, id)
    old, new = (version_of(work, flow, number) for number in (before, after))
    changes = changes_between(old, new)
    return {"before": before, "after": after, "changes": changes, "text": diff_of(flow.name, old, new)}


# -- for those who lead customers through them


def flow_of(work: Work, id: str) -> Flow:
    """The flow by its id, or by its name. NotFound otherwise. It is no row when it is as it was shipped."""
    found = next((flow for flow in all_of(work) if id in (flow.id, flow.name)), None)
    if found is None:
        raise NotFound(f"There is no flow {id!r} here.", id=id)
    return found


def kept(work: Work, flow: Flow) -> Flow:
    """The flow as a row, made of the shipped one when it is none yet; the log must be held (see `log.head`)."""
    row = work.session.get(Flow, flow.id)
    if row is None:
        row = work.add(_as_shipped(work, flow.name))
        _keep_version(work, row, _SHIPPED_REASON)
    return row


def document_of(flow: Flow) -> FlowDocument:
    """Its newest document."""
    return FlowDocument.model_validate(flow.document)


def version_of(work: Work, flow: Flow, number: int) -> FlowDocument:
    """Its document with that number. NotFound when there never was one."""
    if number == flow.number:
        return document_of(flow)
    found = repository.version_of(work.session, work.business_id, flow.id, number)
    if found is None:
        raise NotFound(f"The flow {flow.name!r} has no document {number}.", number=number)
    return FlowDocument.model_validate(found.document)


def active_document(work: Work, flow: Flow) -> FlowDocument | None:
    """The document that customers meet; None when they meet none."""
    return None if flow.active_number is None else version_of(work, flow, flow.active_number)


# -- inside


def _to_change(work: Work, id: str, version: int) -> Flow:
    log.head(work.session, work.business_id)
    flow = kept(work, flow_of(work, id))
    work.session.refresh(flow, with_for_update=True)
    if version != flow.version:
        told = versions(work, flow.id)["items"]
        since = [{name: one[name] for name in ("number", "reason", "byName", "at", "changes")} for one in told[:5]]
        words = f"Somebody changed {flow.name!r} meanwhile: it is at version {flow.version}. Look, then change it."
        raise StaleVersion(words, current=read_of(work, flow), since=since)
    return flow


def _given(body: FlowMake | FlowChange) -> tuple[str | None, FlowDocument | None]:
    if body.yaml is not None:
        return read_yaml(body.yaml)
    if body.document is not None:
        check_document(body.document)
    return None, body.document


def _require_free(work: Work, name: str) -> None:
    taken = next((flow.id for flow in all_of(work) if flow.name == name), None)
    if taken is not None:
        raise Conflict(f"There is a flow called {name!r} already.", code="NAME_TAKEN", flowId=taken)


def _as_shipped(work: Work, name: str) -> Flow:
    return Flow(
        id=id_of(work.business_id, name),
        business_id=work.business_id,
        name=name,
        status="ACTIVE",
        document=_raw(SHIPPED[name]),
        number=1,
        active_number=1,
        version=1,
        created_at=work.now,
    )


def _first_version(work: Work, flow: Flow) -> FlowVersion:
    return FlowVersion(flow_id=flow.id, number=1, document=flow.document, reason=_SHIPPED_REASON, at=work.now)


def _keep_version(work: Work, flow: Flow, reason: str) -> None:
    by = None if reason == _SHIPPED_REASON else work.actor.id
    row = FlowVersion(flow_id=flow.id, number=flow.number, document=flow.document, reason=reason, by=by, at=work.now)
    work.add(row)


def _segments(work: Work, flow: Flow, *, by_name: bool = False) -> list[str]:
    """Labels of the rules in force that lead to a flow."""
    names = (flow.name,) if by_name else (flow.name, flow.id)
    segments = rules.current(work, KIND).document.rules_in("segments")
    return [rule.label for rule in segments if rule.then["flow"] in names]


def _raw(document: FlowDocument) -> State:
    return document.model_dump(mode="json", by_alias=True)


def _told(work: Work, flow: Flow, event: type[Event], data: State) -> State:
    """Finish a verb: the flow gets its next version, and the event carries the state after it."""
    if event is not events.FlowCreated:
        flow.version += 1
    work.session.flush()
    state = read_of(work, flow)
    work.emit(event(subject_id=flow.id, state=state, data={"name": flow.name, **data}))
    return state


def read_of(work: Work, flow: Flow) -> State:
    """FlowRead data."""
    is_shipped = flow.number == 1 and flow.name in SHIPPED and flow.id == id_of(work.business_id, flow.name)
    return {
        "flowId": flow.id,
        "version": flow.version,
        "name": flow.name,
        "status": flow.status,
        "number": flow.number,
        "activeNumber": flow.active_number,
        "document": flow.document,
        "segments": _segments(work, flow),
        "isShipped": is_shipped,
        "createdAt": None if is_shipped else instant(flow.created_at),
        "activatedAt": flow.activated_at and instant(flow.activated_at),
    }
