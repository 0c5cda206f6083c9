"""Alerts: raised once for each cause and member, counted together while unread, read, settled, muted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from backend.alerts import causes, events, repository
from backend.alerts.causes import Notice
from backend.alerts.models import Alert, AlertCause
from backend.alerts.schemas import AlertTimes, Muted
from backend.alerts.sharing import MUTED, TIMES, Sharing, Told
from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.databases import insert_into
from backend.core.errors import Invalid, NotFound
from backend.core.rows import table_of
from backend.delivery.address import Kind
from backend.events import log
from backend.identity.models import Member
from backend.identity.service import time_zone_of
from backend.incidences.service import State, require_staff
from backend.rules import service as rules
from backend.work import Work


def raise_for(work: Work, seq: int, installed: Collection[Kind] = ()) -> None:
    """Tell whom the event at `seq` concerns, once; nobody of what they did themselves. One event tells of them all.

    `installed` are the kinds of channels that the installation has: the rules say what leaves by them.
    """
    (event,) = log.after(work.session, work.business_id, seq - 1, 1)
    log.head(work.session, work.business_id)  # of two causes at once the second counts on to the row of the first
    cause = causes.of(work, event)
    if cause.at is not None and cause.at > work.now:
        work.enqueue("alerts.tell", at=cause.at, event_id=event.id, seq=seq)
        return
    settled = repository.unread_about(work.session, work.business_id, event.incidence_id, cause.settles)
    _read(work, settled)
    sharing = Sharing(work, installed)
    staff = sharing.staff
    known = select(AlertCause.member_id).where(AlertCause.business_id == work.business_id, AlertCause.seq == seq)
    told = {*work.session.scalars(known), event.actor_id}
    for notice in cause.notices:
        wanted = [
            one.id for one in staff if one.id not in told and (one.id in notice.members or one.role in notice.roles)
        ]
        shared = sharing.of(Told(seq, event.recorded_at, notice, wanted, event.actor_id, event.incidence_id))
        wanted += [id for id in sorted(shared.console) if id not in told and id not in wanted]
        told.update(wanted)
        hears = [one.id for one in staff if one.id in wanted and notice.kind not in one.preferences.get(MUTED, ())]
        if hears and _raise(work, event, notice, hears) and shared.unread is not None:
            _look_again(work, seq, notice.kind, event.incidence_id, shared.unread)
    sharing.keep()


def _look_again(work: Work, seq: int, kind: str, incidence_id: str | None, then: Mapping[str, Any]) -> None:
    """Set the timer that looks whether anybody has read it."""
    work.enqueue(
        "alerts.look_again",
        at=work.now + timedelta(minutes=then["afterMinutes"]),
        key=f"unread:{kind}:{incidence_id or ''}",
        seq=seq,
        after_minutes=then["afterMinutes"],
        role=then["role"],
        ways=then["ways"],
    )


def raise_unread(work: Work, seq: int, then: dict[str, Any], installed: Collection[Kind] = ()) -> None:
    """Tell others of what the event at `seq` raised, unless somebody has read it, or it is over."""
    (event,) = log.after(work.session, work.business_id, seq - 1, 1)
    log.head(work.session, work.business_id)
    alerts = repository.caused_by(work.session, work.business_id, seq)
    if not alerts or any(alert.read_at is not None for alert in alerts):
        return
    first = alerts[0]
    message = f"unread for {then['afterMinutes']} minutes: {first.message}"
    notice = Notice(first.kind, message, severity=first.severity)  # type: ignore[arg-type]  # as they were kept
    sharing = Sharing(work, installed)
    known = {alert.member_id for alert in alerts}
    told = Told(seq, event.recorded_at, notice, (), event.actor_id, event.incidence_id, event.customer_id)
    if hears := sorted(sharing.again(told, then) - known):
        _raise(work, event, notice, hears)
    sharing.keep()


def raise_many(
    work: Work,
    console: Mapping[tuple[str, str], Sequence[Told]],
    unread: Mapping[str, tuple[int, Mapping[str, Any]]],
) -> None:
    """Raise alerts of many events at once: by kind and member, those that they are to be told of. A row each, which
    counts them, and one event for each kind."""
    rows: list[dict[str, Any]] = []
    raised: dict[str, list[Alert]] = {}
    new: set[str] = set()
    for kind in sorted({kind for kind, _ in console}):
        known = {
            alert.member_id: alert for alert in repository.unread_about(work.session, work.business_id, None, [kind])
        }
        for member_id in sorted(member for one, member in console if one == kind):
            told = console[kind, member_id]
            alert = known.get(member_id)
            if alert is None:
                new.add(kind)
                alert = work.add(_new(member_id, kind, None, told[0].at, told[0].notice))
            _count_on(alert, told[-1].notice, told[-1].at, len(told))
            alert.customer_id = told[-1].customer_id
            raised.setdefault(kind, []).append(alert)
            ids = {"business_id": work.business_id, "member_id": member_id, "alert_id": alert.id}
            rows += [{**ids, "seq": one.seq} for one in told]
    work.session.flush()
    if rows:
        written = insert_into(table_of(AlertCause), work.session).on_conflict_do_nothing()
        work.session.connection().execute(written, rows)
    for kind, alerts in raised.items():
        work.emit(
            events.AlertsRaised(subject_id=alerts[0].id, data=_whose(alerts) | {"kind": kind, "incidenceId": None})
        )
    for kind in sorted(new & unread.keys()):
        seq, then = unread[kind]
        _look_again(work, seq, kind, None, then)


def _new(member_id: str, kind: str, incidence_id: str | None, at: datetime, notice: Notice) -> Alert:
    words = {"severity": notice.severity, "message": notice.message[:400]}
    return Alert(member_id=member_id, kind=kind, incidence_id=incidence_id, count=0, created_at=at, at=at, **words)


def _count_on(alert: Alert, notice: Notice, at: datetime, count: int = 1) -> None:
    alert.count += count
    if at >= alert.at:
        alert.severity, alert.message, alert.at = notice.severity, notice.message[:400], at


def _whose(alerts: Sequence[Alert]) -> dict[str, Any]:
    return {"memberIds": [alert.member_id for alert in alerts], "alertIds": [alert.id for alert in alerts]}


def _raise(work: Work, event: Any, notice: Notice, member_ids: Sequence[str]) -> bool:
    """Raise it for these; whether it is new to one of them."""
    unread = {
        alert.member_id: alert
        for alert in repository.unread_about(work.session, work.business_id, event.incidence_id, [notice.kind])
    }
    alerts = []
    for member_id in member_ids:
        alert = unread.get(member_id) or _new(member_id, notice.kind, event.incidence_id, event.recorded_at, notice)
        _count_on(alert, notice, event.recorded_at)
        alerts.append(work.add(alert))
        work.add(AlertCause(member_id=member_id, seq=event.seq, alert_id=alert.id))
    data = _whose(alerts) | {"kind": notice.kind, "incidenceId": event.incidence_id}
    work.emit(events.AlertsRaised(subject_id=event.id, data=data))
    return not unread.keys() >= set(member_ids)


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
        work.emit(events.AlertsRead(subject_id=alerts[0].id, data=_whose(alerts)))


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


def times(work: Work) -> State:
    """The hours in which the caller is told outside: AlertTimes data, as the rules say where they said nothing."""
    own = _me(work).preferences.get(TIMES, {})
    settings = rules.current(work, "alert").document.settings
    known = {name: settings[name] for name in ("quietFrom", "quietTo", "digestAt")} | own
    return {"zone": own.get("zone") or time_zone_of(work)} | {name: known[name] for name in _HOURS}


_HOURS = ("quietFrom", "quietTo", "digestAt")


def set_times(work: Work, body: AlertTimes) -> State:
    """Be told outside in other hours from now on; what waits already keeps its time."""
    member = _me(work)
    member.preferences = {**member.preferences, TIMES: body.model_dump(mode="json", by_alias=True)}
    return times(work)


def deliveries(work: Work, id: str) -> State:
    """What became of one of the caller's alerts outside, place by place. NotFound for another's."""
    alert = work.session.get(Alert, id)
    if alert is None or alert.business_id != work.business_id or alert.member_id != require_staff(work):
        raise NotFound(f"There is no alert {id!r} of yours.", id=id)
    rows = repository.deliveries(work.session, work.business_id, id, alert.member_id)
    return {
        "items": [
            {
                "way": row.way,
                "place": row.channel or row.email or row.way.lower(),
                "state": row.state or ("WAITING" if row.sent_at is None else "NOBODY"),
                "count": row.many,
                "at": instant(row.settled_at or row.sent_at or row.due_at),
                "error": row.error,
                "letterId": row.letter_id or None,
            }
            for row in rows
        ],
        "nextCursor": None,
        "asOf": None,
    }


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
        "customerId": alert.customer_id,
        "ref": None if row.number is None else f"INC-{row.number}",
        "summary": row.summary,
        "customerName": row.name or row.external_id,
        "count": alert.count,
        "createdAt": instant(alert.created_at),
        "at": instant(alert.at),
        "read": alert.read_at is not None,
        "readAt": alert.read_at and instant(alert.read_at),
    }
