"""What a case was promised, how much of it is used, and in which hours the rest counts."""

from typing import Any

from backend.core.clock import instant
from backend.core.rows import from_micros
from backend.incidences.clocks import Clocks, state_of
from backend.incidences.models import Incidence
from backend.incidences.service import State
from backend.incidences.sla_policy import policy_of
from backend.sla.clock import Clock
from backend.sla.policy import Hours
from backend.work import Work


def promise_of(work: Work, row: Incidence) -> State | None:
    """SlaPanel data; None for a case that never had a clock, such as self-service."""
    kept = Clocks.of(row)
    if kept is None:
        return None
    hours = policy_of(work).hours
    opens = hours.calendar.opening(work.now)
    return {
        "state": state_of(row.sla or {}),
        "target": row.sla_target,
        "dueAt": row.sla_due_at and instant(row.sla_due_at),
        "rule": kept.rule,
        "text": kept.text,
        "ruleVersion": kept.version,
        "timeZone": kept.zone,
        "countsFrom": None if opens == work.now else instant(opens),
        "targets": [_target(work, name, clock, kept, hours) for name, clock in kept.clocks.items()],
        "breaches": [_breach(one) for one in kept.breaches],
    }


def _target(work: Work, name: str, clock: Clock, kept: Clocks, hours: Hours) -> State:
    return {
        "target": name,
        "seconds": kept.seconds.get(name),
        "usedSeconds": clock.used_at(hours.calendar, work.now),
        "isPaused": clock.since is None,
        "isBreached": clock.is_breached,
        "dueAt": clock.due and instant(clock.due),
        "riskAt": clock.warn and instant(clock.warn),
    }


def _breach(one: dict[str, Any]) -> State:
    return {
        "target": one["target"],
        "dueAt": instant(from_micros(one["due"])),
        "breachedAt": instant(from_micros(one["at"])),
        "rule": one["rule"],
        "ruleVersion": one["version"],
    }
