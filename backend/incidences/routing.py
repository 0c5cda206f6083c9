"""Which channels a customer may reach a person by: the routing rules in force, asked and explained."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.incidences.schemas import AutoEscalation, RouteRequest, RouteVerdict
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work


@dataclass(frozen=True)
class Routed:
    """The router's verdict for one case. `why` is kept with it."""

    channels: list[str]
    escalate_after: int | None
    """Seconds until a case that is still open gets the next channel."""
    escalate_at: datetime | None
    priority: int
    rule: str
    text: str
    version: int
    why: dict[str, Any]


def route(work: Work, order_value: Decimal | float | int | None, event_type: str | None) -> Routed:
    """Ask the routing rules in force; `order_value` in major units of the business's currency, unknown counts as none."""
    return judged(rules.current(work, "routing"), work.now, order_value, event_type)


def judged(
    compiled: Compiled, now: datetime, order_value: Decimal | float | int | None, event_type: str | None
) -> Routed:
    """What `compiled` routing rules say of an order at `now`."""
    facts = {
        "order_value": None if order_value is None else float(order_value),
        "event_type": event_type.upper() if event_type else None,
    }
    verdict = compiled.evaluate(facts)
    if not verdict.fired:  # an admin's rules may leave a gap: nobody is promised anything then
        then: dict[str, Any] = {"channels": [], "autoEscalation": None, "priority": 4}
        rule, text = "none", "no routing rule covers this order"
    else:
        firing = verdict.fired[0]
        then, rule, text = dict(firing.then), firing.rule_id, firing.text
    after = then["autoEscalation"]["afterSeconds"] if then["autoEscalation"] else None
    return Routed(
        channels=list(then["channels"]),
        escalate_after=after,
        escalate_at=now + timedelta(seconds=after) if after is not None else None,
        priority=then["priority"],
        rule=rule,
        text=text,
        version=verdict.version,
        why={
            "rule": rule,
            "text": text,
            "version": verdict.version,
            "facts": facts,
            "trace": verdict.as_json()["trace"],
        },
    )


def judge(work: Work, body: RouteRequest) -> RouteVerdict:
    """The verdict over the wire, for anybody who asks; nothing is stored."""
    routed = route(work, body.order_value, body.event_type)
    escalation = None if routed.escalate_after is None else AutoEscalation(after_seconds=routed.escalate_after)
    return RouteVerdict(
        channels=routed.channels,
        auto_escalation=escalation,
        rule=routed.rule,
        rule_version=routed.version,
        reason=routed.text,
    )
