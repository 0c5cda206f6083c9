"""The clocks that a case's row keeps: which run, against what, and what was missed. Rows of any kind, no database.

First response: from opening or reopening to the first answer. Next response: from the first message that waits for an
answer, however many follow it. Resolution: from opening or reopening to the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.core.clock import instant
from backend.core.rows import from_micros, to_micros
from backend.events.event import Event
from backend.incidences import events
from backend.incidences.sla_policy import Policy
from backend.sla.clock import Clock
from backend.sla.policy import FIRST_RESPONSE, NEXT_RESPONSE, RESOLUTION, TARGETS

NEVER = 9 * 10**18
"""The place in the order of who is due next of a case that nothing is due for."""
_ANSWERED = (FIRST_RESPONSE, NEXT_RESPONSE)


@dataclass
class Clocks:
    """What a case's row keeps of them, as JSON with instants in microseconds.

    `seen` is what the clocks hang on beside the facts, so that nothing is worked out when neither has changed.
    `breaches` are never taken back; one that is not `told` yet waits for its timer.
    """

    facts: dict[str, Any]
    seen: list[Any]
    zone: str = ""
    version: int = 0
    rule: str | None = None
    text: str = ""
    seconds: dict[str, int | None] = field(default_factory=dict)
    awaits_first: bool = True
    clocks: dict[str, Clock] = field(default_factory=dict)
    breaches: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, row: Any) -> "Clocks | None":
        """Those of a case, None before it has any."""
        if row.sla is None:
            return None
        clocks = {name: _clock(kept) for name, kept in row.sla["clocks"].items()}
        return cls(**{**row.sla, "clocks": clocks, "breaches": [dict(one) for one in row.sla["breaches"]]})

    def keep(self, row: Any) -> None:
        """Write them into the row, and what is asked for by itself into its columns."""
        due = {name: clock.due for name, clock in self.clocks.items() if clock.due is not None}
        nearest = min(due, key=lambda name: due[name]) if due else None
        row.first_response_due_at, row.next_response_due_at = due.get(FIRST_RESPONSE), due.get(NEXT_RESPONSE)
        row.resolution_due_at = due.get(RESOLUTION)
        row.sla_target, row.sla_due_at = nearest, due[nearest] if nearest else None
        row.sla_risk_at = min((clock.warn for clock in self.clocks.values() if clock.warn is not None), default=None)
        row.sla_rank = NEVER if row.sla_due_at is None else to_micros(row.sla_due_at)
        row.sla_breached_at = min((from_micros(one["at"]) for one in self.breaches), default=None)
        row.sla = {**vars(self), "clocks": {name: _kept(clock) for name, clock in self.clocks.items()}}

    def settle(self, names: tuple[str, ...], at: datetime, breached_at: datetime | None = None) -> None:
        """Take note of what was over at `at`, once for each due instant. Its timer tells of it."""
        for name in names:
            clock = self.clocks.get(name)
            if clock is not None and clock.due is not None and clock.since is not None and clock.is_due(at):
                self.clocks[name] = clock._replace(is_warned=True, is_breached=True)
                self.breaches.append(
                    {
                        "target": name,
                        "due": to_micros(clock.due),
                        "at": to_micros(breached_at or max(clock.due, clock.since)),
                        "version": self.version,
                        "rule": self.rule,
                        "told": False,
                    }
                )


def state_of(kept: dict[str, Any]) -> str:
    """As IncidenceRead tells it, from what a row keeps; it changes with events alone, so that mirrors agree."""
    if kept["seen"][0] == "CLOSED":
        return "MISSED" if kept["breaches"] else "MET"
    state = "NONE"
    for name, (_used, since, due, _warn, is_warned, is_breached) in kept["clocks"].items():
        if since is None:
            state = "PAUSED" if state == "NONE" and kept["seconds"].get(name) is not None else state
        elif due is not None and is_breached:
            return "BREACHED"
        elif due is not None:
            state = "AT_RISK" if is_warned or state == "AT_RISK" else "ON_TRACK"
    return state


def take_earliest(row: Any, other: Any) -> None:
    """Let a case's clocks be the earlier of its own and another's: the customer waits since the first of them."""
    mine, theirs = Clocks.of(row), Clocks.of(other)
    if mine is None or theirs is None:
        return
    for name, clock in theirs.clocks.items():
        own = mine.clocks.get(name)
        if clock.due is not None and (own is None or own.due is None or clock.due < own.due):
            mine.clocks[name] = clock
    mine.keep(row)


def told(row: Any) -> dict[str, Any]:
    """What IncidenceRead says of a case's clocks, from a row or from columns of a select."""
    kept = row.sla
    return {
        "slaState": state_of(kept) if kept else "NONE",
        "slaTarget": row.sla_target,
        "slaDueAt": _at(row.sla_due_at),
        "slaRiskAt": _at(row.sla_risk_at),
        "firstResponseDueAt": _at(row.first_response_due_at),
        "nextResponseDueAt": _at(row.next_response_due_at),
        "resolutionDueAt": _at(row.resolution_due_at),
        "slaBreachedAt": _at(row.sla_breached_at),
        "slaBreached": list(dict.fromkeys(one["target"] for one in kept["breaches"])) if kept else [],
        "slaPolicy": {name: kept[name] for name in ("rule", "text", "version")} if kept else None,
    }


def _at(value: datetime | None) -> str | None:
    return instant(value) if value else None


def _clock(kept: list[Any]) -> Clock:
    used, *instants, is_warned, is_breached = kept
    since, due, warn = (None if micros is None else from_micros(micros) for micros in instants)
    return Clock(used, since, due, warn, is_warned, is_breached)


def _kept(clock: Clock) -> list[Any]:
    instants = (None if at is None else to_micros(at) for at in (clock.since, clock.due, clock.warn))
    return [clock.used, *instants, clock.is_warned, clock.is_breached]


def _seen(row: Any) -> list[Any]:
    said_last = row.last_message and row.last_message["by"]
    return [row.status, row.is_self_serve, row.reopen_count, said_last, _waits_for_customer(row)]


def _waits_for_customer(row: Any) -> bool:
    """Also in its sleep, when the agent put it away after an answer. Otherwise sleep stops no clock."""
    return bool(row.status == "WAITING" or (row.status == "SNOOZED" and row.waiting_since is None))


def is_untouched(row: Any, facts: Mapping[str, Any], event: type[Event] | None) -> bool:
    """Whether nothing that the clocks hang on has changed."""
    kept = row.sla
    if kept is None or (event is events.MessageSent and kept["awaits_first"]):
        return False
    return bool(kept["seen"] == _seen(row) and kept["facts"] == facts)


def bring_up(
    row: Any,
    facts: dict[str, Any],
    policy: Policy,
    now: datetime,
    event: type[Event] | None,
    answered_at: datetime | None = None,
) -> None:
    """Bring a case's clocks to what its row says now. An answer counts from when it was given, even if told later."""
    kept, hours = Clocks.of(row) or Clocks(facts, _seen(row)), policy.hours
    answered_at = min(answered_at or now, now) if event is events.MessageSent else now
    kept.settle(_ANSWERED, answered_at)
    kept.settle((RESOLUTION,), now)
    if kept.seen[2] != row.reopen_count:
        kept.clocks, kept.awaits_first = {}, True
    if event is events.MessageSent:
        kept.awaits_first = False
    promise = policy.promise(facts)
    terms = (promise.version, promise.rule, promise.seconds, hours.calendar.zone)
    is_aimed = terms != (kept.version, kept.rule, kept.seconds, kept.zone)
    kept.version, kept.rule, kept.seconds, kept.zone = terms[0], terms[1], dict(terms[2]), terms[3]
    kept.text, kept.facts, kept.seen = promise.text, facts, _seen(row)
    calendar, is_running = hours.calendar, not (hours.is_paused_while_waiting and _waits_for_customer(row))
    wanted = _wanted(row, kept)
    for name in TARGETS:
        target, clock = hours.target(promise.seconds[name]), kept.clocks.pop(name, None)
        if name in wanted:
            if clock is not None and is_aimed:
                clock = clock.aim(target, calendar, now)
            clock = clock or Clock()
            kept.clocks[name] = clock.resume(target, calendar, now) if is_running else clock.pause(calendar, now)
    if is_aimed:
        kept.settle(TARGETS, now, breached_at=now)
    kept.keep(row)


def _wanted(row: Any, kept: Clocks) -> tuple[str, ...]:
    if row.status == "CLOSED" or row.is_self_serve:
        return ()
    if kept.awaits_first:
        return FIRST_RESPONSE, RESOLUTION
    owes_answer = row.last_message is not None and row.last_message["by"] == "customer"
    return (NEXT_RESPONSE, RESOLUTION) if owes_answer else (RESOLUTION,)


def tell(row: Any, now: datetime) -> list[tuple[type[Event], dict[str, Any]]]:
    """What its timer has to tell at `now`, each target that is near or was missed once: events with their data."""
    kept = Clocks.of(row)
    if kept is None:
        return []
    kept.settle(TARGETS, now)
    said: list[tuple[type[Event], dict[str, Any]]] = []
    for one in kept.breaches:
        if not one["told"]:
            one["told"] = True
            at = {"dueAt": instant(from_micros(one["due"])), "breachedAt": instant(from_micros(one["at"]))}
            said.append((events.SlaBreached, {"target": one["target"], **at, **_by(one["rule"], one["version"])}))
    for name, clock in kept.clocks.items():
        if clock.due is not None and (at_next := clock.next_at) is not None and at_next <= now:
            kept.clocks[name] = clock._replace(is_warned=True)
            due = {"target": name, "dueAt": instant(clock.due)}
            said.append((events.SlaWarned, {**due, **_by(kept.rule, kept.version)}))
    kept.keep(row)
    return said


def _by(rule: str | None, version: int) -> dict[str, Any]:
    return {"rule": rule, "ruleVersion": version}


def timer_at(row: Any) -> datetime | None:
    """When its timer has something to tell next: at once, when something was missed that nobody was told of."""
    if row.sla is None:
        return None
    wanted = [one["at"] for one in row.sla["breaches"] if not one["told"]]
    for _used, _since, due, warn, is_warned, is_breached in row.sla["clocks"].values():
        at = None if is_breached else due if is_warned else warn
        if at is not None:
            wanted.append(at)
    return from_micros(min(wanted)) if wanted else None
