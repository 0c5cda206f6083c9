"""Wire types of risk."""

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.core.text import Key, Line
from backend.core.wire import Change, UtcInstant, Wire

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


Target = Literal["voluntary", "involuntary"]


class CustomerAsked(Wire):
    """Whom it is about: our id or the external one."""

    customer_id: Key


class Cause(Wire):
    """Something that goes together with leaving. `impact`: the probability would be so much lower if the customer were
    like the average one in this. `log_odds` add up exactly; by rules there are none."""

    cause: str
    impact: float
    feature: str
    label: str
    log_odds: float | None = None
    target: Target | None = None


class PredictedBy(Wire):
    """What predicted: `kind` is rules, logistic or trees; `versions` are those of each target."""

    kind: Literal["rules", "logistic", "trees"]
    label: str
    versions: dict[Target, int] = {}


class PredictionRead(Wire):
    """How likely a customer is to leave within a month. Between `low` and `high` the truth lies with 95 %."""

    customer_id: str
    user_id: str
    """The external id."""
    churn_probability: float
    low: float
    high: float
    risk_level: Level
    voluntary: float | None = None
    involuntary: float | None = None
    """By failed payments and disputes."""
    top_causes: list[Cause]
    prediction_date: UtcInstant
    model: PredictedBy


class ExplanationRead(PredictionRead):
    """The same with everything that speaks for leaving, and what speaks against it."""

    causes: list[Cause]
    protections: list[Cause]


class CauseRead(Wire):
    """A cause among the customers at risk: how many of them have it among their first three, and how much it weighs."""

    cause: str
    feature: str
    count: int
    percent: int
    impact: Level
    points: float
    """The mean impact on the probability."""


class CausesRead(Wire):
    """`at_risk` customers are at level medium or high, of all `predicted` ones."""

    items: list[CauseRead]
    at_risk: int
    predicted: int
    predicted_at: UtcInstant | None = None


class ModelRead(Wire):
    """A version of a model, with the report of its backtest and a card in words; the weights stay inside."""

    id: str
    target: Target
    number: int
    kind: Literal["rules", "logistic", "trees"]
    is_active: bool
    why: str
    report: dict[str, Any]
    trained_at: UtcInstant
    activated_at: UtcInstant | None = None
    drift: dict[str, float] | None = None
    drift_at: UtcInstant | None = None
    card: str = ""


class ModelList(Wire):
    items: list[ModelRead]


class ModelPut(Change):
    """Let version `to` predict again. `version` is the one in force as seen, 0 when it is the rules."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)]
    to: Annotated[int, Field(ge=1, le=2**31 - 1)]
    reason: Line
