"""Merging: a case becomes part of another, by reference, and whole again for as long as the rules let it.

Both rows stay. The story of the merged case shows inside the other's; its conversations, labels, watchers, an open
escalation and the earliest of its clocks go with it. Undoing puts back what is still as the merge left it.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from backend.core.clock import instant
from backend.core.errors import Conflict, NotFound, Unprocessable
from backend.customers.models import Customer
from backend.incidences import carrying, clocks, events, linking, repository, restoring, sla, timers
from backend.incidences.channels import LADDER
from backend.incidences.link_schemas import Merge
from backend.incidences.linking import MERGED, ref_of
from backend.incidences.models import Conversation, Escalation, Incidence, IncidenceLink
from backend.incidences.service import State, expect, record, require_staff, shown
from backend.rules import service as rules
from backend.work import Work

KIND = "casework"


def merge(work: Work, id: str, body: Merge) -> State:
    """Put a case into another. Both must be open and as they were seen, and no message may be on its way from either."""
    me = require_staff(work)
    source, target = linking.both(work, id, body.into)
    expect(work, source, body.version)
    expect(work, target, body.into_version)
    _check(work, source, target, body)
    before = restoring.image(work, source), restoring.image(work, target)
    link = linking.make(work, source, target, MERGED, made_by=me, reason=body.reason)
    moved = _move_conversations(work, source, target, None)
    _carry_over(work, source, target)
    _end(work, source, target)
    reason = {"reason": body.reason} if body.reason else {}
    record(work, target, events.IncidenceAbsorbed, {"from": ref_of(source), "linkId": link.id} | reason)
    record(work, source, events.IncidenceMerged, {"into": ref_of(target), "linkId": link.id} | reason)
    timers.set_again(work, target)
    link.data = {
        "source": restoring.changes(work, before[0], source),
        "target": restoring.changes(work, before[1], target),
        "conversations": moved,
    }
    return _read(work, source, target, link)


def _check(work: Work, source: Incidence, target: Incidence, body: Merge) -> None:
    for row in (source, target):
        if row.status == "CLOSED":
            raise Unprocessable(f"INC-{row.number} is closed; link it instead.", code="INCIDENCE_CLOSED")
        if why := carrying.held(work, row):
            raise Conflict(f"INC-{row.number} cannot be merged now: {why}.", code="SEND_IN_FLIGHT")
    if source.escalation_id and target.escalation_id:
        raise Unprocessable("Both are handed up. Settle one of the escalations first.", code="BOTH_ESCALATED")
    if source.customer_id != target.customer_id and not (body.other_customer and body.reason):
        one, other = (work.session.get_one(Customer, row.customer_id) for row in (source, target))
        raise Unprocessable(
            f"INC-{target.number} is {other.name or other.external_id}'s, not {one.name or one.external_id}'s. "
            "Say that it is meant, and why.",
            code="OTHER_CUSTOMER",
            customers=[one.id, other.id],
        )


def _carry_over(work: Work, source: Incidence, target: Incidence) -> None:
    """What the other case takes on: whatever is more pressing, and everybody who cares."""
    target.labels = sorted({*target.labels, *source.labels})
    target.watcher_ids = list(dict.fromkeys([*target.watcher_ids, *source.watcher_ids]))
    target.merged_from = [*target.merged_from, ref_of(source), *source.merged_from]
    target.allowed_channels = sorted({*target.allowed_channels, *source.allowed_channels}, key=LADDER.index)
    target.is_self_serve = not target.allowed_channels
    target.agent_id = target.agent_id or source.agent_id
    target.platform = target.platform or source.platform
    target.priority = min(target.priority, source.priority)
    target.waiting_since = _earlier(target.waiting_since, source.waiting_since)
    target.auto_escalate_at = _earlier(target.auto_escalate_at, source.auto_escalate_at)
    if source.waiting_since is not None and target.status != "OPEN":
        target.status, target.snoozed_until = "OPEN", None
    if source.last_message_seq > target.last_message_seq:
        target.last_message, target.last_message_seq = source.last_message, source.last_message_seq
    clocks.take_earliest(target, source)
    if source.escalation_id is None:
        target.climb_at = target.climb_at if target.escalation_id else _earlier(target.climb_at, source.climb_at)
        return
    work.session.get_one(Escalation, source.escalation_id).incidence_id = target.id
    target.escalation_id, target.escalation_level, target.climb_at = (
        source.escalation_id,
        source.escalation_level,
        source.climb_at,
    )


def _earlier(one: Any, other: Any) -> Any:
    return min((at for at in (one, other) if at is not None), default=None)


def _end(work: Work, source: Incidence, target: Incidence) -> None:
    """The merged case is over without an outcome: its end is the other's."""
    source.status, source.merged_into = "CLOSED", ref_of(target)
    source.waiting_since = source.snoozed_until = source.escalation_id = source.escalation_level = None
    timers.cancel(work, source)
    work.cancel(f"snooze:{source.id}")


def _move_conversations(work: Work, one: Incidence, other: Incidence, only: list[list[str]] | None) -> list[list[str]]:
    """Tie the conversations of one case to another, `only` those if given; which ones."""
    query = select(Conversation).where(Conversation.incidence_id == one.id).with_for_update()
    moved = []
    for tie in work.session.scalars(query):
        name = [tie.platform, tie.conversation_id]
        if only is None or name in only:
            tie.incidence_id = other.id
            moved.append(name)
    return moved


def unmerge(work: Work, id: str) -> State:
    """Undo a merge: both cases get back what they gave, as far as it is still as the merge left it.

    Conflict when the window of the rules is over, a message is on its way, or the other case is itself merged by now.
    """
    require_staff(work)
    wanted = repository.id_of(work.session, work.business_id, id)
    live = (IncidenceLink.from_id == wanted) & (IncidenceLink.kind == MERGED) & IncidenceLink.ended_at.is_(None)
    link = work.session.scalars(select(IncidenceLink).where(live)).first()
    if link is None:
        raise NotFound(f"{id} is not merged into another case.", id=id)
    source, target = linking.both(work, link.from_id, link.to_id)
    work.session.refresh(link)
    if link.ended_at is not None:
        raise Conflict("That was undone already.", code="NOT_UNDOABLE", current=shown(work, source))
    until = _undo_until(work, link)
    if until < work.now:
        raise Conflict("It is too late to undo this merge.", code="UNDO_WINDOW_OVER", until=instant(until))
    if target.merged_into is not None:
        raise Conflict(
            f"INC-{target.number} is part of {target.merged_into['ref']} now; undo that first.", code="NOT_UNDOABLE"
        )
    if why := carrying.held(work, target):
        raise Conflict(f"This cannot be undone now: {why}.", code="SEND_IN_FLIGHT")
    done = link.data or {}
    _move_conversations(work, target, source, done.get("conversations", []))
    at_target = restoring.take_back(work, target, done.get("target", {}))
    at_source = restoring.take_back(work, source, done.get("source", {}))
    link.ended_at, link.ended_by = work.now, work.actor.id
    record(work, target, events.IncidenceReleased, {"from": ref_of(source), "linkId": link.id, "changes": at_target})
    record(work, source, events.IncidenceUnmerged, {"into": ref_of(target), "linkId": link.id, "changes": at_source})
    for row in (target, source):
        sla.set_timer(work, row)
    return _read(work, source, target, link)


def _undo_until(work: Work, link: IncidenceLink) -> Any:
    return link.made_at + timedelta(seconds=rules.current(work, KIND).settings["unmergeWithinSeconds"])


def _read(work: Work, source: Incidence, target: Incidence, link: IncidenceLink) -> State:
    until = None if link.ended_at else instant(_undo_until(work, link))
    return {"incidence": shown(work, source), "into": shown(work, target), "undoUntil": until}
