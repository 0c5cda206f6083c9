"""Alerts: raised once for each cause and member, counted together while unread, read, settled, muted."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from backend.alerts import causes, events, repository
from backend.alerts.causes import Notice
from backend.alerts.models import Alert, AlertCause
from backend.alerts.schemas import Muted
from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.errors import Invalid, NotFound
from backend.events import log
from backend.identity.models import Member
from backend.incidences.service import State, require_staff
from backend.work import Work

FORGOTTEN_AT_ONCE = 500
MUTED = "mutedAlerts"
"""The key of a member's preferences that holds the kinds they want to hear nothing of."""


def raise_for(work: Work, seq: int) -> None:
    """Tell whom the event at `seq` concerns, once; nobody of what they did themselves. One event tells of them all."""
    (event,) = log.after(work.session, work.business_id, seq - 1, 1)
    log.head(work.session, work.business_id)  # of two causes at once the second counts on to the row of the first
    cause = causes.of(work, event)
    if cause.at is not None and cause.at > work.now:
        work.enqueue("alerts.tell", at=cause.at, event_id=event.id, seq=seq)
        return
    settled = repository.unread_about(work.session, work.business_id, event.incidence_id, cause.settles)
    _read(work, settled)
    staff = repository.staff(work.session, work.business_id)
    known = select(AlertCause.member_id).where(AlertCause.business_id == work.business_id, AlertCause.seq == seq)
    told = {*work.session.scalars(known), event.actor_id}
    for notice in cause.notices:
        wanted = [
            one.id for one in staff if one.id not in told and (one.id in notice.members or one.role in notice.roles)
        ]
        told.update(wanted)
        hears = [one.id for one in staff if one.id in wanted and notice.kind not in one.preferences.get(MUTED, ())]
        if hears:
            _raise(work, event, notice, hears)


def _raise(work: Work, event: Any, notice: Notice, member_ids: Sequence[str]) -> None:
    unread = {
        alert.member_id: alert
        for alert in repository.unread_about(work.session, work.business_id, event.incidence_id, [notice.kind])
    }
    alerts = []
    for member_id in member_ids:
        alert = unread.get(member_id) or Alert(
            member_id=member_id,
            kind=notice.kind,
            incidence_id=event.incidence_id,
            count=0,
            created_at=event.recorded_at,
            at=event.recorded_at,
        )
        alert.count += 1
        if event.recorded_at >= alert.at:
            alert.severity, alert.message, alert.at = notice.severity, notice.message[:400], event.recorded_at
        alerts.append(work.add(alert))
        work.add(AlertCause(member_id=member_id, seq=event.seq, alert_id=alert.id))
    data = {
        "memberIds": list(member_ids),
        "alertIds": [alert.id for alert in alerts],
        "kind": notice.kind,
        "incidenceId": event.incidence_id,
    }
    work.emit(events.AlertsRaised(subject_id=event.id, data=data))


def list_alerts(work: Work, *, unread: bool | None, limit: int, cursor: str | None) -> State:
    """A page of the caller's alerts, unread first, then the newest first: AlertPage data."""
    me, after = require_staff(work), cursors.decode(cursor)
    if after is not None and not repository.is_cursor(after):
        raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    as_of = log.head_of(work.session, work.business_id)
    found = repository.page(work.session, work.business_id, me, unread=unread, after=after, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return {
        "items": [_shown(row) for row in found[:limit]],
        "nextCursor": cursors.encode([last.is_read, last.Alert.at, last.Alert.id]) if last else None,
        "asOf": as_of,
        "unread": repository.unread_count(work.session, work.business_id, me),
    }


def read_alert(work: Work, id: str) -> State:
    """Note that the caller has read one of their alerts: AlertRead data. NotFound for another's."""
    log.head(work.session, work.business_id)  # in the order of `raise_for`: the log, then the alerts
    alert = work.session.get(Alert, id)
    if alert is None or alert.business_id != work.business_id or alert.member_id != require_staff(work):
        raise NotFound(f"There is no alert {id!r} of yours.", id=id)
    _read(work, [alert] if alert.read_at is None else [])
    (row,) = repository.page(work.session, work.business_id, alert.member_id, id=id, limit=1)
    return _shown(row)


def read_all(work: Work) -> State:
    """Note that the caller has read all of their alerts."""
    log.head(work.session, work.business_id)
    unread = repository.unread_of(work.session, work.business_id, require_staff(work))
    _read(work, unread)
    return {"read": len(unread)}


def _read(work: Work, alerts: Sequence[Alert]) -> None:
    """Mark them as read, and tell those whose they are."""
    for alert in alerts:
        alert.read_at = work.now
    if alerts:
        work.session.flush()
        whose = {"memberIds": [alert.member_id for alert in alerts], "alertIds": [alert.id for alert in alerts]}
        work.emit(events.AlertsRead(subject_id=alerts[0].id, data=whose))


def forget_read(work: Work, days: float) -> int:
    """Delete some alerts that were read longer than `days` ago, with their causes; how many they were."""
    ids = repository.read_before(work.session, work.business_id, work.now - timedelta(days=days), FORGOTTEN_AT_ONCE)
    for model, column in ((AlertCause, AlertCause.alert_id), (Alert, Alert.id)):
        own = model.business_id == work.business_id
        work.session.execute(
            delete(model).where(own, column.in_(ids)), execution_options={"synchronize_session": False}
        )
    return len(ids)


def muted(work: Work) -> State:
    """The kinds of which the caller hears nothing: Muted data."""
    return {"kinds": _me(work).preferences.get(MUTED, [])}


def mute(work: Work, body: Muted) -> State:
    """Hear nothing of these kinds from now on, and of all others again."""
    member, kinds = _me(work), sorted(set(body.kinds))
    if kinds != member.preferences.get(MUTED, []):
        member.preferences = {**member.preferences, MUTED: kinds}
        work.emit(events.AlertsMuted(subject_id=member.id, data={"memberIds": [member.id], "kinds": kinds}))
    return {"kinds": kinds}


def _me(work: Work) -> Member:
    return work.session.get_one(Member, require_staff(work))


def _shown(row: Any) -> State:
    """AlertRead data."""
    alert: Alert = row.Alert
    return {
        "id": alert.id,
        "kind": alert.kind,
        "severity": alert.severity,
        "message": alert.message,
        "incidenceId": alert.incidence_id,
        "ref": None if row.number is None else f"INC-{row.number}",
        "summary": row.summary,
        "customerName": row.name or row.external_id,
        "count": alert.count,
        "createdAt": instant(alert.created_at),
        "at": instant(alert.at),
        "read": alert.read_at is not None,
        "readAt": alert.read_at and instant(alert.read_at),
    }
