"""Taking back what was done to a case: images of its row before and after, and the way back, field by field."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.core.clock import instant
from backend.core.rows import Instant
from backend.incidences import timers
from backend.incidences.models import Escalation, Incidence
from backend.work import Work

Changes = dict[str, list[Any]]
"""Field -> [before, after], as JSON; `escalation.` begins the fields of the escalation that the case had."""

_STAYS = {"id", "business_id", "version", "number", "customer_id", "created_at", "updated_at", "queue_rank", "last_seq"}
_FIELDS = {name: column for name, column in Incidence.__table__.columns.items() if name not in _STAYS}
_OF_ESCALATION = ("incidence_id", "level", "status", "acknowledged_by", "acknowledged_at", "ended_at", "next_climb_at", "note")  # fmt: skip
_ESCALATION = {f"escalation.{name}": Escalation.__table__.columns[name] for name in _OF_ESCALATION}


def image(work: Work, row: Incidence) -> dict[str, Any]:
    """Everything about a case that a verb can change, as JSON; to be held against one taken later."""
    seen = {name: _plain(getattr(row, name)) for name in _FIELDS}
    escalation = work.session.get(Escalation, row.escalation_id) if row.escalation_id else None
    if escalation is not None:
        seen |= {f"escalation.{name}": _plain(getattr(escalation, name)) for name in _OF_ESCALATION}
    return seen


def changes(work: Work, before: Mapping[str, Any], row: Incidence) -> Changes:
    """What happened to a case since an image of it."""
    escalation_id = before["escalation_id"] or row.escalation_id
    after = {name: _plain(getattr(row, name)) for name in _FIELDS}
    escalation = work.session.get(Escalation, escalation_id) if escalation_id else None
    if escalation is not None and "escalation.level" in before:
        after |= {f"escalation.{name}": _plain(getattr(escalation, name)) for name in _OF_ESCALATION}
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def take_back(work: Work, row: Incidence, done: Changes) -> dict[str, list[Any]]:
    """Put every field back that is still as it was left, and its timers with it; what was put back: field -> [from, to].

    A list of names (labels, watchers) loses what was added and gets back what was taken off, whatever else it has.
    The caller records what happened.
    """
    put_back: Changes = {}
    for name, (before, after) in done.items():
        if name in _ESCALATION:
            continue
        now = _plain(getattr(row, name))
        if name in ("labels", "watcher_ids", "merged_from"):
            before = _without(now, before, after, name == "labels")
        elif now != after:
            continue
        if before != now:
            setattr(row, name, _typed(_FIELDS[name], before))
            put_back[name] = [now, before]
    _put_back_escalation(work, row, done, put_back)
    timers.set_again(work, row)
    return put_back


def _without(now: list[Any], before: list[Any], after: list[Any], is_sorted: bool) -> list[Any]:
    kept = [one for one in now if one not in after or one in before]
    kept += [one for one in before if one not in after and one not in kept]
    return sorted(kept) if is_sorted else kept


def _put_back_escalation(work: Work, row: Incidence, done: Changes, put_back: Changes) -> None:
    """The escalation of a case follows its case: it is open again when the case carries it again."""
    if "escalation_id" not in put_back and not any(name in _ESCALATION for name in done):
        return
    id = done.get("escalation_id", [row.escalation_id])[0]
    escalation = work.session.get(Escalation, id) if id else None
    if escalation is not None:
        for name, column in _ESCALATION.items():
            field = name.removeprefix("escalation.")
            if name in done and _plain(getattr(escalation, field)) == done[name][1]:
                setattr(escalation, field, _typed(column, done[name][0]))


def _plain(value: Any) -> Any:
    return instant(value) if isinstance(value, datetime) else value


def _typed(column: Any, value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(column.type, Instant) and value is not None else value
