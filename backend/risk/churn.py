"""Predictions on demand, at once and each day; learning each week."""

import asyncio
from typing import Any

from backend.core.errors import Conflict
from backend.customers import service as customers
from backend.risk import keeping, lives, store
from backend.risk.periods import FEATURES, known_at
from backend.risk.predicting import Prediction, predict, read_book
from backend.risk.predictions import causes_of_all as causes_of_all
from backend.work import Work

_PAGE = 500
_MOST_FOR_DRIFT = 2_000


def _id_of(work: Work, id: str) -> str:
    return customers.find_customer(work, id).id


async def predict_one(units: Any, id: str) -> Prediction:
    """Predict for a customer and keep it. Conflict when there is nothing that they could leave."""
    found = await predict(units, [await units.read(_id_of, id)])
    if not found:
        raise Conflict(
            "This customer has no subscription that goes on, so there is nothing to predict.", code="NOTHING_TO_LEAVE"
        )
    return found[0]


async def predict_everybody(units: Any) -> None:
    """Predict for all customers, some hundreds at a time, and note how far they have moved from those learned from."""
    after, sample = "", 0
    first: list[str] = []
    while ids := await units.read(lives.page, after, _PAGE):
        after = ids[-1]
        await predict(units, ids)
        if sample < _MOST_FOR_DRIFT:
            first, sample = first + ids, sample + len(ids)
    await _note_drift(units, first)


async def _note_drift(units: Any, ids: list[str]) -> None:
    book = await units.read(read_book, ids)
    known = [one for life in book.lives if (one := known_at(life, book.now)) is not None]
    if not book.models or not known:
        return

    def measured() -> dict[str, dict[str, float]]:
        from backend.risk.learning.table import columns_of

        return {
            target: store.loaded(id, data).drift(columns_of(FEATURES[target], known))
            for target, (id, _, data) in book.models.items()
        }

    await units.write(store.note_drift, await asyncio.to_thread(measured))


def ask_for_training(work: Work) -> None:
    """Learn as soon as there is time for it; asked for twice, it is done once."""
    work.enqueue("risk.retrain_weekly", key="churn:train")


@keeping.also_follows
def predict_soon(work: Work, customer_ids: list[str]) -> None:
    """The factors of a risk are others: so is the prediction. Not for what changed with all others in the daily batch."""
    for customer_id in customer_ids:
        work.enqueue("risk.predict_at_once", key=f"churn:{customer_id}", customer_id=customer_id)
