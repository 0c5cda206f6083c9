"""The policy that promises cases their targets: an `sla` rule set in the zone of a business."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from backend.core.money import to_major
from backend.identity.service import time_zone_of
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.sla.policy import TARGETS, Hours, Promise
from backend.work import Work

KIND = "sla"
_THEN = {name: f"{first}{rest.title()}Seconds" for name in TARGETS for first, _, rest in (name.partition("_"),)}


@dataclass(frozen=True)
class Policy:
    """The policy in force in a business's zone."""

    compiled: Compiled
    hours: Hours

    def promise(self, facts: Mapping[str, Any]) -> Promise:
        """What it promises a case with these facts."""
        fired = self.compiled.evaluate(facts, trace=False).fired
        if not fired:
            return Promise(self.compiled.version, None, "no rule covers this case", dict.fromkeys(TARGETS))
        then = fired[0].then
        seconds = {name: then[_THEN[name]] for name in TARGETS}
        return Promise(self.compiled.version, fired[0].rule_id, fired[0].text, seconds)


@lru_cache(maxsize=64)
def policy_in(compiled: Compiled, zone: str) -> Policy:
    """`compiled` sla rules in that zone; kept, so that its calendar need not be worked out for each case."""
    return Policy(compiled, Hours.of(compiled.settings, zone))


def policy_of(work: Work) -> Policy:
    """The policy in force at this business."""
    return policy_in(rules.current(work, KIND), time_zone_of(work))


def facts_of(row: Any, tier: str, currency: str) -> dict[str, Any]:
    """What the policy may ask about a case."""
    return {
        "tier": tier,
        "channel": row.channel,
        "stage": row.stage,
        "priority": row.priority,
        "order_value": None if row.order_value is None else float(to_major(row.order_value, currency)),
        "event_type": row.event_type.upper() if row.event_type else None,
    }
