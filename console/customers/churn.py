"""What the panel says of how likely a customer is to leave: the score of the rules, and the prediction with its causes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from backend.core.clock import instant
from console.customers.leaving import Known
from console.desk import ages
from console.incidences.panels import REASONS, TREND_WIDTH, Content
from widgets.paint import Cell
from widgets.sparkline import sparkline

if TYPE_CHECKING:
    from backend.risk.schemas import PredictionRead, RiskRead, RiskShown

LEVEL_ROLES = {"low": "ok", "medium": "warning", "high": "danger"}


def churn(what: Known | None, trouble: str, now: datetime) -> Content:
    """The panel; `what` is None until it was read, `trouble` says why it could not be."""
    if what is None:
        return Content(lines=[[(trouble or "Reading …", "danger" if trouble else "muted")]])
    lines = [*_score(what.risk), *_prediction(what)]
    if trouble:
        lines.append([(trouble, "danger")])
    return Content(lines=lines, freshness=_freshness(what, now))


def _score(risk: RiskShown) -> list[Cell]:
    role = LEVEL_ROLES[risk.level]
    lines: list[Cell] = [[("risk ", "muted"), (f"{risk.score} ", f"{role} bold"), (f"of 100 · {risk.level}", role)]]
    lines += [[(f"+{one.points:>3g}  ", role), (one.text, "")] for one in risk.reasons[:REASONS]]
    if (more := len(risk.reasons) - REASONS) > 0:
        lines.append([(f"and {more} more", "muted")])
    if not risk.reasons:
        lines.append([("No rule fired.", "muted")])
    if len(risk.history) > 1:
        lines.append([("trend ", "muted"), (trend(risk), role)])
    if risk.suggested_action:
        lines.append([("do    ", "muted"), (risk.suggested_action, "info")])
    return lines


def trend(risk: RiskShown, width: int = TREND_WIDTH) -> str:
    """The scores of before, from the oldest to the latest."""
    return sparkline([float(point.score) for point in reversed(risk.history)], width, 0, 100)


def _prediction(what: Known) -> list[Cell]:
    one = what.prediction
    if one is None:
        return [[(what.nothing, "muted")]]
    role = LEVEL_ROLES[one.risk_level]
    if one.model.kind == "rules":
        return [[("Rules, not a model: ", "warning"), ("too few have left yet to learn how likely it is.", "muted")]]
    band = f"{_percent(one.low)} to {_percent(one.high)}"
    lines: list[Cell] = [
        [
            ("leaves ", "muted"),
            (f"{_percent(one.churn_probability)} ", f"{role} bold"),
            (f"within a month · {band}", role),
        ]
    ]
    lines += [[(f"+{cause.impact * 100:>3.0f}  ", role), (cause.cause, "")] for cause in one.top_causes[:REASONS]]
    return lines


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def by(one: PredictionRead) -> str:
    """What predicted, and its version: `model v3`."""
    if one.model.kind == "rules":
        return ""
    return "model v" + "+".join(str(number) for number in sorted(set(one.model.versions.values())))


def _freshness(what: Known, now: datetime) -> str:
    parts = [f"rules v{what.risk.rule_version}", by(what.prediction) if what.prediction else "", _age(what.risk, now)]
    return " · ".join(part for part in parts if part)


def _age(risk: RiskRead, now: datetime) -> str:
    return f"as of {ages.since(instant(risk.calculated_at), now)} ago"
