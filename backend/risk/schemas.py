"""Wire types of risk."""

from typing import Literal

from backend.core.wire import UtcInstant, Wire

Level = Literal["low", "medium", "high"]


class RiskFactor(Wire):
    """A factor that holds: the rule, its points, and why in words."""

    rule: str
    points: float
    text: str


class RiskPoint(Wire):
    """A score of the past, from then until the next one."""

    score: int
    level: Level
    factors: list[RiskFactor]
    rule_version: int
    calculated_at: UtcInstant


class RiskRead(Wire):
    """The risk of a customer. `factors` are the texts, what weighs most first, and `reasons` the same with points."""

    customer_id: str
    user_id: str
    """The external id."""
    score: int
    level: Level
    factors: list[str]
    reasons: list[RiskFactor]
    suggested_action: str
    calculated_at: UtcInstant
    rule_version: int
    level_since: UtcInstant | None = None


class RiskShown(RiskRead):
    """The same with the scores of before, the latest first."""

    history: list[RiskPoint] = []
