"""Predicting: what is known of customers is read, judged outside any transaction, and kept.

Without a model, the rule score stands in for it, and says that it is rules and no model.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.core.rows import to_micros
from backend.risk import lives, store
from backend.risk.periods import Life, Target
from backend.risk.scoring import Rated, facts_of, rate
from backend.rules import service as rules
from backend.rules.shipped.risk import Level
from backend.work import Work

RULES_LABEL = "rules, not a model: too few customers have left yet"
TOP = 3
_MOST_PROTECTIONS = 5


@dataclass(slots=True)
class Book:
    """All that some predictions need. `models` are (id, number, data) by target; `rated` what the rules say."""

    now: int
    settings: Mapping[str, Any]
    lives: list[Life]
    models: dict[Target, tuple[str, int, dict[str, Any]]]
    rated: dict[str, Rated]
    labels: dict[str, str]
    """What the factors of the rules are called, by rule."""
    gone: list[str]
    """Customers who have nothing to leave any more."""


@dataclass(slots=True)
class Prediction:
    """What is said of one customer. `causes` are told as `schemas.Cause`, what weighs most first."""

    life: Life
    probability: float
    low: float
    high: float
    level: Level
    model: dict[str, Any]
    parts: dict[Target, float] = field(default_factory=dict)
    causes: list[dict[str, Any]] = field(default_factory=list)
    protections: list[dict[str, Any]] = field(default_factory=list)

    @property
    def top(self) -> list[dict[str, Any]]:
        """The causes that weigh most, each feature once: it may speak for both ways to leave."""
        first: dict[str, dict[str, Any]] = {}
        for cause in self.causes:
            first.setdefault(cause["feature"], cause)
        return list(first.values())[:TOP]


def read_book(work: Work, ids: Collection[str]) -> Book:
    """What is known of these customers, and the models in force."""
    models: dict[Target, tuple[str, int, dict[str, Any]]] = {}
    for target in ("voluntary", "involuntary"):
        row = store.active(work, target)
        if row is not None and row.model is not None:
            models[target] = (row.id, row.number, row.model)
    compiled, now = rules.current(work, "risk"), to_micros(work.now)
    everybody = lives.read_lives(work, ids)
    staying = [life for life in everybody if life.subscription_at(now) is not None]
    rated = {} if models else {life.customer_id: _rated(compiled, life, now) for life in everybody}
    here = staying if models else everybody
    gone = sorted(set(ids) - {life.customer_id for life in here})
    labels = {rule.id: rule.label for rule in compiled.document.rules}
    return Book(now, compiled.settings, here, models, rated, labels, gone)


def _rated(compiled: Any, life: Life, now: int) -> Rated:
    return rate(compiled, facts_of(life.activity, now, {"tier": life.tier, "past_order_count": life.past_order_count}))


def judge(book: Book) -> list[Prediction]:
    """The predictions. It imports numpy when there is a model, and takes milliseconds: call it in a thread."""
    if not book.models:
        return [_by_rules(book, life) for life in book.lives]
    if not book.lives:
        return []
    return _by_models(book)


def _by_rules(book: Book, life: Life) -> Prediction:
    rated = book.rated[life.customer_id]
    cap = book.settings["cap"]
    share = min(max(rated.score / cap, 0.0), 1.0)
    causes = [
        {
            "cause": one["text"],
            "impact": round(one["points"] / cap, 4),
            "feature": one["rule"],
            "label": book.labels[one["rule"]],
        }
        for one in rated.factors
    ]
    model = {"kind": "rules", "label": RULES_LABEL, "versions": {}}
    return Prediction(life, share, 0.0, 1.0, rated.level, model, causes=causes)  # nothing tells how far to trust it


def _by_models(book: Book) -> list[Prediction]:
    from backend.risk.learning.table import columns_of
    from backend.risk.learning.words import value_in_words
    from backend.risk.periods import FEATURES, known_at

    known = [known_at(life, book.now) or {} for life in book.lives]
    kinds = {str(data["kind"]) for _, _, data in book.models.values()}
    kind = "trees" if "trees" in kinds else "logistic"
    versions = {target: number for target, (_, number, _) in book.models.items()}
    label = f"{'boosted trees' if kind == 'trees' else 'logistic regression'}, " + " and ".join(
        f"{target} version {number}" for target, number in versions.items()
    )
    found = [
        Prediction(life, 0.0, 0.0, 0.0, "low", {"kind": kind, "label": label, "versions": versions})
        for life in book.lives
    ]
    parts: list[list[tuple[float, float, float]]] = [[] for _ in found]  # of each: probability, low, high by target
    for target, (id, _, data) in book.models.items():
        model = store.loaded(id, data)
        chances, reasons = model.reasons(columns_of(FEATURES[target], known))
        for at, (one, chance) in enumerate(zip(found, map(float, chances), strict=True)):
            one.parts[target] = chance
            parts[at].append((chance, *model.band(chance)))
            for reason in reasons[at]:
                told = {
                    "cause": value_in_words(reason.feature, reason.value),
                    "impact": round(reason.points, 4),
                    "feature": reason.feature.name,
                    "label": reason.feature.label,
                    "logOdds": round(reason.log_odds, 4),
                    "target": target,
                }
                if reason.log_odds > 1e-9:
                    one.causes.append(told)
                elif reason.log_odds < -1e-9:
                    one.protections.append(told)
    for one, own in zip(found, parts, strict=True):
        one.probability, one.low, one.high = (_either([part[at] for part in own]) for at in range(3))
        one.level = level_of(book.settings, one.probability)
        one.causes.sort(key=lambda cause: -cause["impact"])
        one.protections.sort(key=lambda cause: cause["impact"])
        del one.protections[_MOST_PROTECTIONS:]
    return found


def _either(chances: Sequence[float]) -> float:
    """The probability that one of some things happens, each whatever the others do."""
    none = 1.0
    for chance in chances:
        none *= 1 - chance
    return 1 - none


def level_of(settings: Mapping[str, Any], probability: float) -> Level:
    """The level of a probability."""
    if probability >= settings["churnHigh"]:
        return "high"
    return "medium" if probability >= settings["churnMedium"] else "low"


async def predict(units: Any, ids: Collection[str]) -> list[Prediction]:
    """Predict for some customers and keep it. `units` are those of a request or a job."""
    from backend.risk.predictions import keep

    book = await units.read(read_book, ids)
    predictions = await asyncio.to_thread(judge, book)
    await units.write(keep, predictions, book.gone)
    return predictions
