"""The score: from what a customer did to facts, and from facts to points and words. No database."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from backend.rules.engine import Compiled
from backend.rules.shipped.risk import Level, level_of
from backend.signals.activity import BILLING, DAY, FAILED, LOGIN, NEGATIVE, Activity

WINDOW = 14
"""Days."""
_SECOND = 1_000_000
_SINCE = {
    LOGIN: "since_login_seconds",
    BILLING: "since_billing_view_seconds",
    NEGATIVE: "since_negative_contact_seconds",
    FAILED: "since_payment_failure_seconds",
}


class Rated(NamedTuple):
    """What the rules say of one customer. `factors` are {rule, points, text}, what weighs most first."""

    score: int
    level: Level
    factors: list[dict[str, Any]]
    action: str


def facts_of(activity: Activity, now: int, profile: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of the risk rules at `now` (microseconds); `profile` is tier and past_order_count."""
    facts: dict[str, Any] = dict(profile)
    for kind, at in activity.last.items():
        if (name := _SINCE.get(kind)) is not None:
            facts[name] = max(now - at, 0) // _SECOND
    if (since := facts.get("since_login_seconds")) is not None:
        facts["days_since_login"] = since // 86_400
    today = now // DAY
    facts["usage"] = usage = activity.uses(today, 0, WINDOW)
    facts["usage_before"] = before = activity.uses(today, WINDOW, WINDOW)
    if before:
        # Up to the next tenth of a percent, so that whatever exceeds a threshold of tenths also does so as a fact.
        facts["usage_drop_percent"] = -((usage - before) * 1000 // before) / 10
    return facts


def rate(compiled: Compiled, facts: Mapping[str, Any]) -> Rated:
    """The score by these rules."""
    verdict = compiled.evaluate(facts, trace=False)
    fired = sorted(verdict.fired, key=lambda one: -(one.points or 0))
    factors = [{"rule": one.rule_id, "points": one.points, "text": one.text} for one in fired]
    score = int(verdict.result)
    action = str(fired[0].then["action"]) if fired else str(compiled.settings["noAction"])
    return Rated(score, level_of(compiled, score), factors, action)
