"""Who is told of a notice, by which ways and when: the `alert` rules, applied to who works here and what there is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from backend.alerts import quiet, repository
from backend.alerts.causes import Notice
from backend.alerts.models import AlertItem
from backend.alerts.quiet import Times
from backend.core.databases import insert_into
from backend.core.money import to_major
from backend.core.rows import table_of
from backend.delivery import channels
from backend.delivery.address import Kind
from backend.identity.permissions import ROLES
from backend.identity.service import currency_of, time_zone_of
from backend.rules import service as rules
from backend.work import Work

MUTED = "mutedAlerts"
"""The key of a member's preferences that holds the kinds they want to hear nothing of."""
TIMES = "alertTimes"
"""The key that holds their zone and hours, as far as they want others than the rules say."""
_ITEMS = table_of(AlertItem)


@dataclass(frozen=True)
class Told:
    """Something that happened, as it is shared: the event's seq, when, and what is said."""

    seq: int
    at: datetime
    notice: Notice
    concerned: Collection[str]
    actor_id: str | None
    incidence_id: str | None = None
    customer_id: str | None = None


@dataclass(frozen=True)
class Shared:
    """What the rules say of one: who else is told on the console, and after how long unread who is told then."""

    console: frozenset[str]
    unread: Mapping[str, Any] | None


def facts_of(notice: Notice, currency: str) -> dict[str, Any]:
    """What the rules see of it."""
    facts: dict[str, Any] = {"kind": notice.kind, "severity": notice.severity}
    if notice.level:
        facts |= {"level": notice.level, "has_risen": notice.has_risen}
    if notice.value is not None:
        facts["value"] = to_major(notice.value, currency)
    return facts


class Sharing:
    """The rules in force, who works here, and the ways out: looked up once for all that is shared in a unit."""

    def __init__(self, work: Work, installed: Collection[Kind]) -> None:
        self._work = work
        self._compiled = rules.current(work, "alert")
        self._settings = self._compiled.document.settings
        self.staff = repository.staff(work.session, work.business_id)
        self._by_id = {one.id: one for one in self.staff}
        self._ways = channels.ways(work, installed)
        self._zone, self._currency = time_zone_of(work), currency_of(work)
        self._times: dict[str, Times] = {}
        self._rows: list[dict[str, Any]] = []

    def of(self, told: Told, *, stage: int = 0) -> Shared:
        """Apply the rules to one. What leaves the house is kept until `keep`."""
        facts = facts_of(told.notice, self._currency)
        console: set[str] = set()
        for firing in self._compiled.evaluate(facts, group="tell", trace=False).fired:
            then = firing.then
            who = self._whom(then["role"], then.get("members", ()), told)
            console |= who if "CONSOLE" in then["ways"] else set()
            self._leave(told, who, then["ways"], then["when"], stage)
        unread = self._compiled.evaluate(facts, group="unread", trace=False).fired
        return Shared(frozenset(console), unread[0].then if unread else None)

    def again(self, told: Told, then: dict[str, Any]) -> frozenset[str]:
        """Nobody has read it: whom to tell on the console; what leaves the house is kept until `keep`."""
        who = self._whom(then["role"], (), told)
        self._leave(told, who, then["ways"], "NOW", 1)
        return frozenset(who if "CONSOLE" in then["ways"] else ())

    def keep(self) -> None:
        """Write what leaves the house, once for each event and destination, and set the timers that send it."""
        rows, self._rows = self._rows, []
        if rows:
            written = insert_into(_ITEMS, self._work.session).on_conflict_do_nothing()
            self._work.session.connection().execute(written, rows)
        for destination in {row["destination"] for row in rows}:
            send_later(self._work, destination)

    def _whom(self, role: str, members: Iterable[str], told: Told) -> set[str]:
        if role == "concerned":
            found = set(told.concerned)
        else:
            found = {one.id for one in self.staff if role in ROLES and one.role in ROLES[ROLES.index(role) :]}
        named = {address.lower() for address in members}
        found |= {one.id for one in self.staff if one.email.lower() in named}
        return {id for id in found if id != told.actor_id and self._hears(id, told.notice.kind)}

    def _hears(self, member_id: str, kind: str) -> bool:
        one = self._by_id.get(member_id)
        return one is not None and kind not in one.preferences.get(MUTED, ())

    def _leave(self, told: Told, who: Collection[str], ways: Sequence[str], when: Any, stage: int) -> None:
        if "EMAIL" in ways and "EMAIL" in self._ways:
            for member_id in who:
                self._row(told, "EMAIL", member_id, None, when, stage)
        for kind in ("SLACK", "TEAMS"):
            for channel_id in self._ways.get(kind, ()) if kind in ways else ():
                self._row(told, kind, channel_id or kind, channel_id, when, stage)

    def _row(self, told: Told, way: str, destination: str, channel_id: str | None, when: Any, stage: int) -> None:
        notice, now = told.notice, self._work.now
        is_loud = way != "EMAIL" or notice.severity in self._settings["loud"]
        due = quiet.due(now, when, self._times_of(destination), self._settings["gatherSeconds"], is_loud=is_loud)
        row = {
            "business_id": self._work.business_id,
            "seq": told.seq,
            "destination": destination,
            "stage": stage,
            "way": way,
            "channel_id": channel_id,
            "kind": notice.kind,
            "severity": notice.severity,
            "words": f"{notice.who}: {notice.message}"[:300] if notice.who else notice.message[:300],
            "value": notice.value,
            "customer_id": told.customer_id,
            "incidence_id": told.incidence_id,
            "at": told.at,
            "due_at": due,
        }
        self._rows.append(row)

    def _times_of(self, destination: str) -> Times:
        known = self._times.get(destination)
        if known is None:
            one = self._by_id.get(destination)
            own = one.preferences.get(TIMES, {}) if one is not None else {}
            known = self._times[destination] = Times.of(self._settings, self._zone, own)
        return known


def send_later(work: Work, destination: str, at: datetime | None = None) -> None:
    """Set the timer that sends what waits for a destination: when the first of it is due, or at `at`."""
    waiting = select(func.min(AlertItem.due_at)).where(
        AlertItem.business_id == work.business_id, AlertItem.destination == destination, AlertItem.sent_at.is_(None)
    )
    at = at or work.session.scalar(waiting)
    if at is not None:
        work.enqueue("alerts.dispatch", at=at, key=f"alerts:{destination}", destination=destination)
