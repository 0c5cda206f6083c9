"""Readiness: from metrics to facts, from facts to a score, and what of them helps and hurts. No database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.core.money import to_major
from backend.finance.figures import Figures
from backend.rules.documents import Rule
from backend.rules.engine import Compiled
from backend.rules.shipped.readiness import CATALOGUE, Tier, tier_of
from backend.rules.wording import describe

Facts = dict[str, Any]


@dataclass(frozen=True)
class Factor:
    """A rule of the score: whether it holds, how many points it adds then, and its condition in words.

    `text` says with the numbers of now why it holds.
    """

    rule: str
    label: str
    points: float
    holds: bool
    condition: str
    text: str


@dataclass(frozen=True)
class Rated:
    """What the rules say. `base` is where the score begins; what holds is added to it, and the sum kept in bounds."""

    score: int
    tier: Tier
    base: float
    factors: list[Factor]

    @property
    def helps(self) -> list[Factor]:
        """What adds to it, the most first."""
        return sorted((one for one in self.factors if one.holds and one.points > 0), key=lambda one: -one.points)

    @property
    def hurts(self) -> list[Factor]:
        """What takes from it, the most first."""
        return sorted((one for one in self.factors if one.holds and one.points < 0), key=lambda one: one.points)

    @property
    def idle(self) -> list[Factor]:
        """What would add or take, and does not hold."""
        return [one for one in self.factors if not one.holds]


def facts_of(own: Figures) -> Facts:
    """The metrics as the rules see them: shares of 100, money in major units. What is unknown is left out."""
    change = None if own.revenue_before is None else own.revenue_total - own.revenue_before
    facts: Facts = {
        "revenue_change": None if change is None else to_major(change, own.currency),
        "revenue_change_percent": 100 * change / own.revenue_before
        if change is not None and own.revenue_before
        else None,
        "revenue_volatility": own.revenue_volatility,
        "chargeback_percent": _percent(own.chargeback_count, own.transaction_count),
        "payout_on_time_percent": None if own.payout_reliability is None else _of_hundred(own),
        "revenue_total": to_major(own.revenue_total, own.currency),
        "average_transaction_size": (
            None if own.average_transaction_size is None else to_major(own.average_transaction_size, own.currency)
        ),
        "transaction_count": own.transaction_count,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _percent(part: int, whole: int) -> float | None:
    """Multiplied first, so that two of a hundred are 2.0 to the last bit: thresholds are compared with this."""
    return 100 * part / whole if whole else None


def _of_hundred(own: Figures) -> float:
    on_time = round((own.payout_reliability or 0) * own.payout_count)
    return 100 * on_time / own.payout_count


def rate(compiled: Compiled, facts: Mapping[str, Any]) -> Rated:
    """The score by these rules."""
    verdict = compiled.evaluate(facts, trace=False)
    told = {one.rule_id: one for one in verdict.fired}
    factors = [_factor(rule, told.get(rule.id)) for rule in compiled.document.rules_in("score")]
    score = round(verdict.result)
    return Rated(score, tier_of(compiled, score), float(compiled.settings["base"]), factors)


def score_of(compiled: Compiled, facts: Mapping[str, Any]) -> int:
    """The score alone."""
    score: int = round(compiled.evaluate(facts, trace=False).result)
    return score


def _factor(rule: Rule, fired: Any) -> Factor:
    condition = describe(rule.when, CATALOGUE)
    text = fired.text if fired is not None else ""
    return Factor(rule.id, rule.label, float(rule.then["points"]), fired is not None, condition, text)
