"""Why a case is where it is: the rule that routed it, what it saw, and what moved the case since. Nothing is judged anew
but the friction of the customer, which is that of now."""

from collections.abc import Mapping
from typing import Any

from backend.core.clock import instant
from backend.customers.models import Customer
from backend.events import log
from backend.events.feed import frame_of
from backend.identity.models import Member, User
from backend.incidences import events, ladder
from backend.incidences.models import Incidence
from backend.incidences.service import State, incidence_of
from backend.rules import service as rules
from backend.rules.prose import sentence
from backend.rules.wording import value_in_words
from backend.signals import service as signals
from backend.work import Work

_OWNING = ("incidence.taken", "incidence.assigned", "incidence.offered_again")
_MOVING = ("incidence.changed", "incidence.assigned", "incidence.status_changed", "incidence.channel_escalated")
_LATELY = 50


def why(work: Work, id: str) -> State:
    """{incidenceId, ref, routing, priority, deadline, friction, escalation, owner, lines}: each part as data, and all of it in
    `lines`, a sentence each. NotFound when there is no such case."""
    row = incidence_of(work, id)
    parts: dict[str, State | None] = {
        "routing": _routing(work, row),
        "priority": _priority(work, row),
        "deadline": _deadline(work, row),
        "friction": _friction(work, row),
        "escalation": _escalation(work, row),
        "owner": _owner(work, row),
    }
    lines = [line for part in parts.values() if part for line in part["lines"]]
    return {"incidenceId": row.id, "ref": f"INC-{row.number}", **parts, "lines": lines}


def decided_by(work: Work, kind: str, rule_id: str, version: int, facts: Mapping[str, Any]) -> State:
    """A rule that decided, as it was in its version: {rule, label, words, version, versionInForce, facts}."""
    compiled, known = rules.compiled_version(work, kind, version), rules.kind_of(kind)
    rule = next((one for one in compiled.document.rules if one.id == rule_id), None)
    seen = ((fact, facts[fact.name]) for fact in known.catalogue if fact.name in facts)
    return {
        "rule": rule_id,
        "label": rule.label if rule else None,
        "words": sentence(known, rule) if rule else None,
        "version": version,
        "versionInForce": rules.current(work, kind).version,
        "facts": [
            {"name": fact.name, "label": fact.label, "value": value, "words": value_in_words(fact, value)}
            for fact, value in seen
        ],
    }


def _seen(told: State) -> str:
    return ", ".join(f"{fact['label']} {fact['words']}" for fact in told["facts"])


def _lately(work: Work, row: Incidence, types: tuple[str, ...], limit: int) -> list[State]:
    """The newest events of some types, newest first."""
    found = log.of_incidence(work.session, work.business_id, row.id, None, limit, log.EVENTS.type.in_(types))
    return [frame_of(entry) for entry in reversed(found)]


def _by(frame: State) -> str:
    return frame["actor"]["name"] or ("Holdfast" if frame["actor"]["kind"] == "system" else "Somebody")


def _routing(work: Work, row: Incidence) -> State:
    kept = row.routing
    told = decided_by(work, "routing", kept["rule"], kept["version"], kept.get("facts") or {})
    channels = " and ".join(channel.lower() for channel in row.allowed_channels) or "self-serve"
    name = f"rule “{told['label']}”" if told["label"] else "no rule"
    now = told["versionInForce"]
    since = "" if now == kept["version"] else f"; version {now} is in force now"
    lines = [
        f"Channels are {channels}: {name} of the routing rules, version {kept['version']}{since}.",
        f"It saw {_seen(told)}: {kept['text']}.",
    ]
    raised = _lately(work, row, (events.ChannelEscalated.type,), 1)
    if raised:
        reason = (raised[0]["data"] or {}).get("reason")
        lines.append(f"{_by(raised[0])} allowed the next channel later{f': {reason}' if reason else ''}.")
    return told | {"text": kept["text"], "channels": list(row.allowed_channels), "lines": lines}


def _priority(work: Work, row: Incidence) -> State:
    compiled = rules.compiled_version(work, "routing", row.routing["version"])
    rule = next((one for one in compiled.document.rules if one.id == row.routing["rule"]), None)
    routed = rule.then["priority"] if rule else None
    moved = next((frame for frame in _lately(work, row, _MOVING, _LATELY) if _moves_priority(frame)), None)
    told = f"Priority is {row.priority} of 4"
    if moved is not None and routed != row.priority:
        line = f"{told}: routed to {routed}, then moved by {_by(moved)}."
    else:
        line = f"{told}, where the routing rule put it." if routed == row.priority else f"{told}."
    by = None if moved is None else {"name": _by(moved), "at": moved["at"]}
    return {"now": row.priority, "routed": routed, "movedBy": by, "lines": [line, *_waiting(row)]}


def _moves_priority(frame: State) -> bool:
    changes = (frame["data"] or {}).get("changes") or {}
    return "priority" in changes or frame["type"] == events.ChannelEscalated.type


def _waiting(row: Incidence) -> list[str]:
    if row.status == "CLOSED":
        return ["It is closed, so it is in nobody's queue."]
    if row.is_self_serve:
        return ["It is self-service: kept on record, in nobody's queue until the customer writes."]
    if row.waiting_since is None:
        return ["It waits for the customer: within its priority it comes after those that wait for us."]
    return ["Within its priority, whoever has waited for us longest comes first."]


def _deadline(work: Work, row: Incidence) -> State | None:
    kept = row.sla
    if not kept or not kept.get("rule") or row.is_self_serve:
        return None
    told = decided_by(work, "sla", kept["rule"], kept["version"], kept.get("facts") or {})
    name, version = told["label"] or kept["rule"], kept["version"]
    line = f"When it is due follows from rule “{name}” of the service levels, version {version}: {kept['text']}."
    return told | {"lines": [line]}


def _friction(work: Work, row: Incidence) -> State:
    verdict = signals.friction_of(work, work.session.get_one(Customer, row.customer_id))
    told = verdict.model_dump(by_alias=True)
    reasons = "; ".join(
        f"{reason.text} {f'+{reason.points}' if reason.points else ''}".strip() for reason in verdict.reasons
    )
    lines = [f"Friction is {verdict.score} now (version {verdict.rule_version}): {reasons or 'no rule fires'}."]
    if row.trigger == "SYSTEM_INITIATED":
        lines.append(f"It was opened by itself, when the score was {row.friction_score}.")
    return told | {"atOpening": row.friction_score, "lines": lines}


def _escalation(work: Work, row: Incidence) -> State | None:
    escalation = ladder.open_of(work, row)
    if escalation is None:
        return None
    steps = _lately(work, row, (events.Escalated.type,), 10)
    data: Mapping[str, Any] = next((step["data"] for step in steps if (step["data"] or {}).get("facts")), {})
    told = decided_by(work, "escalation", escalation.rule, escalation.rule_version, data.get("facts") or {})
    level = escalation.level.replace("_", " ").lower()
    lines = [
        f"It is with the {level}: rule “{told['label'] or escalation.rule}” of the escalation rules, "
        f"version {escalation.rule_version}{f', saw {_seen(told)}' if told['facts'] else ''}."
    ]
    climbed = next((step["data"] for step in steps if (step["data"] or {}).get("level", [None])[0]), None)
    if climbed:
        lines.append(f"It climbed from {climbed['level'][0].replace('_', ' ').lower()}: {climbed['why']}.")
    return told | {
        "level": escalation.level,
        "reason": escalation.reason,
        "status": escalation.status,
        "raisedAt": instant(escalation.raised_at),
        "lines": lines,
    }


def _owner(work: Work, row: Incidence) -> State:
    member = work.session.get(Member, row.agent_id) if row.agent_id else None
    name = work.session.get_one(User, member.user_id).name if member else None
    moves = _lately(work, row, _OWNING, 1)
    told: State = {"agentId": row.agent_id, "agentName": name, "how": None, "by": None, "at": None, "reasons": []}
    if not moves:
        return told | {"lines": ["Nobody has it yet." if name is None else f"{name} has it."]}
    move = moves[0]
    data = move["data"] or {}
    reasons = [str(reason) for reason in data.get("reasons") or [data.get("reason")] if reason]
    told |= {"how": move["type"].partition(".")[2], "by": _by(move), "at": move["at"], "reasons": reasons}
    if name is None:
        line = f"Nobody has it: {_by(move)} gave it back"
    elif move["type"] == events.IncidenceTaken.type:
        line = f"{name} took it"
    else:
        line = f"{name} has it: {_by(move)} assigned it"
    because = f" ({'; '.join(reasons)})" if reasons else ""
    return told | {"lines": [f"{line}{because}."]}
