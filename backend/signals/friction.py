"""Friction of one customer: the facts that rules see, and what they say."""

from bisect import bisect_left
from functools import lru_cache
from typing import Any, NamedTuple

from backend.core.money import to_major
from backend.rules.engine import Compiled, Firing, Verdict
from backend.rules.shipped.friction import is_help_due
from backend.rules.shipped.ordering import screen_name
from backend.signals.schemas import FrictionReason, FrictionVerdict
from backend.signals.visit import Visit

FACT_OF = {
    "back_navigation": "back_navigation_count",
    "price_check": "price_check_count",
    "quantity_change": "quantity_change_count",
    "payment_failure": "payment_failure_count",
    "menu_comparison": "menu_comparison_seconds",
    "platter_view": "platter_view_count",
    "customization": "customization_count",
    "inactivity": "inactivity_seconds",
}
_NOTHING: dict[str, Any] = dict.fromkeys(FACT_OF.values(), 0)
BANDS = (25, 50, 75)
"""A score up to the first is calm; each step further is a band of its own."""
SCORE_CAUSE = "score"
SCORE_ACTION = "HELP_PROMPT"
SCORE_PROMPT = "Would you like some help with your order?"

screen_of = lru_cache(maxsize=4096)(screen_name)


class Person(NamedTuple):
    """What rules may know of the customer beside the visit."""

    customer_id: str
    tier: str
    language: str
    past_order_count: int
    cart_value: float | int | None
    """Major units."""
    event_type: str | None
    guest_count: int | None


class Judgement(NamedTuple):
    """Score and signals of one moment. `is_help_due` is about the score alone."""

    score: int
    is_help_due: bool
    verdict: Verdict
    signals: list[Firing]
    prompts: Verdict | None = None
    """What the notification rules say, where they were asked."""

    @property
    def is_triggered(self) -> bool:
        return self.is_help_due or bool(self.signals)

    @property
    def offers_help(self) -> bool:
        """Whether anything is to be offered, be it for friction or by a notification rule."""
        return self.is_triggered or (self.prompts is not None and bool(self.prompts.fired))


def cart_value(minor: int | None, currency: str) -> float | int | None:
    """A cart's worth in major units, as the thresholds are."""
    return None if minor is None else to_major(minor, currency)


def facts_of(visit: Visit, person: Person) -> dict[str, Any]:
    """The facts of the friction catalogue. Of each counter, the largest over the flows of the visit."""
    facts = _NOTHING.copy()
    for counts in visit.counters.values():
        for type, count in counts.items():
            name = FACT_OF.get(type)
            if name is not None and count > facts[name]:
                facts[name] = count
    facts["tier"] = person.tier
    facts["language"] = person.language
    facts["past_order_count"] = person.past_order_count
    facts["is_first_time_user"] = person.past_order_count == 0
    facts["cart_value"] = person.cart_value
    facts["event_type"] = person.event_type.upper() if person.event_type else None
    facts["guest_count"] = person.guest_count
    return facts


def judge_visit(
    compiled: Compiled, visit: Visit, person: Person, screen: str | None = None, *, prompts: Compiled | None = None
) -> Judgement:
    """What the rules say about a visit; `screen` is that of the signal just taken, or else the current one.

    `prompts` are the notification rules: they see the same facts as a single signal.

    The score knows the longest silence of the visit. A single signal is about one screen, so it knows the longest
    silence on that one: being idle on the menu is not being stuck at the checkout.
    """
    here = screen or visit.screen
    facts = facts_of(visit, person)
    facts["screen"] = screen_of(here) if here else None
    score = compiled.evaluate(facts, group="score", trace=False)
    facts["inactivity_seconds"] = idle_on(visit, facts["screen"]) if visit.idle else 0
    signals = compiled.evaluate(facts, group="signals", trace=False).fired
    offered = None if prompts is None else prompts.evaluate(facts, group="prompts", trace=False)
    return Judgement(int(score.result), is_help_due(compiled, score), score, signals, offered)


def judge_facts(compiled: Compiled, facts: dict[str, Any]) -> Judgement:
    """What the rules say about facts that a caller gives."""
    score = compiled.evaluate(facts, group="score", trace=False)
    signals = compiled.evaluate(facts, group="signals", trace=False).fired
    return Judgement(int(score.result), is_help_due(compiled, score), score, signals)


def idle_on(visit: Visit, screen: str | None) -> float:
    return max((seconds for name, seconds in visit.idle.items() if (screen_of(name) or None) == screen), default=0)


def verdict_of(judgement: Judgement) -> FrictionVerdict:
    """A judgement on the wire: reasons with most points first, then the signals that fired (no points)."""
    scored = sorted(judgement.verdict.fired, key=lambda firing: -(firing.points or 0))
    reasons = [
        FrictionReason(rule=firing.rule_id, points=int(firing.points or 0), text=firing.text)
        for firing in [*scored, *judgement.signals]
    ]
    action = judgement.signals[0].then["action"] if judgement.signals else None
    return FrictionVerdict(
        score=judgement.score,
        triggered=judgement.is_triggered,
        reasons=reasons,
        action=action or (SCORE_ACTION if judgement.is_help_due else None),
        rule_version=judgement.verdict.version,
    )


def band(score: int) -> int:
    """0 for 0-25, 1 for 26-50, 2 for 51-75, 3 above."""
    return bisect_left(BANDS, score)
