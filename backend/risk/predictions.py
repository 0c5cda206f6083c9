"""What was predicted last: kept, told of, shown, counted by cause."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import orjson
from sqlalchemy import delete, func, select

from backend.core.rows import from_micros, table_of, to_micros
from backend.customers.beside import also_tells
from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.customers.schemas import ChurnBrief
from backend.customers.sorting import SORTS, Sort
from backend.risk.events import ChurnChanged
from backend.risk.models import ChurnPrediction
from backend.risk.predicting import Prediction
from backend.risk.schemas import Cause, CauseRead, CausesRead, ExplanationRead, PredictedBy, PredictionRead
from backend.signals import contexts
from backend.signals.bulk import Bulk, Chosen, moment_of
from backend.work import Work

_ROWS = table_of(ChurnPrediction).c
_OF_NOW = ("probability", "low", "high", "level", "voluntary", "involuntary", "causes", "model", "predicted_at")
_KEPT = Bulk(
    table_of(ChurnPrediction), ("business_id", "customer_id", *_OF_NOW), key=("business_id", "customer_id"), updates=_OF_NOW
)  # fmt: skip
_KNOWN = Chosen(select(_ROWS.customer_id, _ROWS.probability, _ROWS.level), _ROWS.business_id, _ROWS.customer_id)
_BESIDE = Chosen(
    select(_ROWS.customer_id, _ROWS.probability, _ROWS.level, _ROWS.model), _ROWS.business_id, _ROWS.customer_id
)
_MOST_CAUSES = 50
_MUCH, _SOME = 0.1, 0.03
"""From which mean impact on a cause counts as high, and as medium."""


def keep(work: Work, predictions: Sequence[Prediction], gone: Collection[str]) -> None:
    """Keep what is said now, and forget it of who has nothing to leave. An event for each level that is left."""
    held = contexts.hold(work.session, work.business_id, [one.life.customer_id for one in predictions])
    here = [one for one in predictions if one.life.customer_id in held]
    before = {id: rest for id, *rest in _KNOWN.rows(work.session, work.business_id, list(held))}
    now = moment_of(work.session)(to_micros(work.now))
    _KEPT.insert(
        work.session,
        [
            (
                work.business_id,
                one.life.customer_id,
                one.probability,
                one.low,
                one.high,
                one.level,
                one.parts.get("voluntary"),
                one.parts.get("involuntary"),
                orjson.dumps(one.top).decode(),
                orjson.dumps(one.model).decode(),
                now,
            )
            for one in here
        ],
    )
    if gone:
        _forget(work, gone)
    for one in here:
        probability, level = before.get(one.life.customer_id, (0.0, "low"))
        if level == one.level:
            continue
        told = read_of(one, to_micros(work.now))
        data = {
            "probability": [round(probability, 4), told.churn_probability],
            "level": [level, one.level],
            "causes": [cause.cause for cause in told.top_causes],
        }
        state = told.model_dump(mode="json", by_alias=True)
        work.emit(
            ChurnChanged(subject_id=one.life.customer_id, customer_id=one.life.customer_id, state=state, data=data)
        )


def read_of(one: Prediction, now: int) -> PredictionRead:
    """A prediction as it goes over the wire."""
    return PredictionRead(
        customer_id=one.life.customer_id,
        user_id=one.life.external_id,
        churn_probability=round(one.probability, 4),
        low=round(one.low, 4),
        high=round(one.high, 4),
        risk_level=one.level,
        voluntary=_rounded(one.parts.get("voluntary")),
        involuntary=_rounded(one.parts.get("involuntary")),
        top_causes=[Cause.model_validate(cause) for cause in one.top],
        prediction_date=from_micros(now),
        model=PredictedBy.model_validate(one.model),
    )


def explanation_of(one: Prediction, now: int) -> ExplanationRead:
    """The same with all causes, and what speaks against leaving."""
    return ExplanationRead(
        **read_of(one, now).model_dump(),
        causes=[Cause.model_validate(cause) for cause in one.causes],
        protections=[Cause.model_validate(cause) for cause in one.protections],
    )


def causes_of_all(work: Work) -> CausesRead:
    """The causes among all customers at risk, the most frequent first."""
    mine = _ROWS.business_id == work.business_id
    connection = work.session.connection()
    count, latest = connection.execute(select(func.count(), func.max(_ROWS.predicted_at)).where(mine)).one()
    rows = connection.execution_options(yield_per=1_000).execute(
        select(_ROWS.causes).where(mine, _ROWS.level != "low").order_by(_ROWS.probability.desc(), _ROWS.customer_id)
    )
    counts: Counter[str] = Counter()
    points: defaultdict[str, float] = defaultdict(float)
    labels: dict[str, str] = {}
    at_risk = 0
    for (causes,) in rows:
        at_risk += 1
        for feature, cause in {cause["feature"]: cause for cause in causes}.items():
            counts[feature] += 1
            points[feature] += cause["impact"]
            labels.setdefault(feature, cause["label"])
    items = [
        CauseRead(
            cause=labels[feature],
            feature=feature,
            count=number,
            percent=round(100 * number / at_risk),
            impact=_weight(points[feature] / number),
            points=round(points[feature] / number, 4),
        )
        for feature, number in counts.most_common(_MOST_CAUSES)
    ]
    return CausesRead(items=items, at_risk=at_risk, predicted=count, predicted_at=latest)


def _weight(points: float) -> Any:
    return "high" if points >= _MUCH else "medium" if points >= _SOME else "low"


def _rounded(chance: float | None) -> float | None:
    return None if chance is None else round(chance, 4)


def _forget(work: Work, ids: Collection[str]) -> None:
    mine = (ChurnPrediction.business_id == work.business_id) & ChurnPrediction.customer_id.in_(list(ids))
    work.session.execute(delete(ChurnPrediction).where(mine).execution_options(synchronize_session=False))


@also_tells
def tell_churn(work: Work, customer_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """The prediction beside each customer, as it was made last."""
    rows = _BESIDE.rows(work.session, work.business_id, customer_ids)
    return {
        id: {"churn": ChurnBrief(probability=round(chance, 4), level=level, is_model=model["kind"] != "rules")}
        for id, chance, level, model in rows
    }


SORTS["churn"] = Sort(
    _ROWS.probability, is_descending=True, is_number=True, beside=table_of(ChurnPrediction), absent=-1
)


@also_erases
def erase_prediction(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """What was predicted goes with the customer."""
    _forget(work, [customer.id])
