"""Learning again from the business's own months, in a process of its own, and keeping the better of old and new."""

import asyncio
from itertools import repeat
from typing import Any
from zlib import crc32

from sqlalchemy import func, select

from backend.core.rows import table_of, to_micros
from backend.customers.models import Customer
from backend.risk import lives, store
from backend.risk.periods import FEATURES, MONTHS_BACK, TARGETS, Target, months_of
from backend.risk.schemas import ModelRead
from backend.work import Work

PAGE = 500
MOST_ROWS = 50_000
"""To learn from, some 40 MB; of a larger business, customers are drawn by chance, each with all months. The accuracy of
these models stops growing at a tenth of that."""
Rows = list[tuple[str, int, dict[str, Any], Target | None]]
"""(customer, month, what was known at its begin, how they left within it) of each row."""
Learned = tuple[dict[str, Any] | None, dict[str, Any], bool, str]
"""(the model as data, its report, whether it is to take the place of the old one, why)."""


async def retrain(units: Any) -> list[ModelRead]:
    """Learn each target anew and keep what came of it. `units` are those of a job."""
    rows = await _gather(units)
    old = [await units.read(_active_data, target) for target in TARGETS]
    found = await asyncio.to_thread(_apart, rows, old)
    return [
        await units.write(store.keep, target, model, report, is_better=is_better, why=why)
        for target, (model, report, is_better, why) in zip(TARGETS, found, strict=True)
    ]


async def _gather(units: Any) -> Rows:
    share = await units.read(_share)
    rows: Rows = []
    after = ""
    while ids := await units.read(lives.page, after, PAGE):
        after = ids[-1]
        wanted = [id for id in ids if crc32(id.encode()) < share * 2**32]
        rows += await units.read(read_rows, wanted)
    return rows


def _share(work: Work) -> float:
    """The share of customers to learn from, so that their months fit into memory."""
    query = select(func.count()).where(table_of(Customer).c.business_id == work.business_id)
    count = work.session.connection().execute(query).scalar_one()
    return min(1.0, MOST_ROWS / max(count * MONTHS_BACK, 1))


def read_rows(work: Work, ids: list[str]) -> Rows:
    """The months of these customers."""
    now = to_micros(work.now)
    return [(life.customer_id, *month) for life in lives.read_lives(work, ids) for month in months_of(life, now)]


def _active_data(work: Work, target: str) -> dict[str, Any] | None:
    row = store.active(work, target)
    return None if row is None else row.model


def _apart(rows: Rows, old: list[dict[str, Any] | None]) -> list[Learned]:
    """What is learned of each target, beside its `old` model."""
    if not rows:  # no process is needed to learn nothing
        why = "rules only: nobody was a customer for a whole month yet"
        return [(None, {"rows": 0, "events": 0, "model": "rules", "why": why}, False, why) for _ in TARGETS]
    # In a process of its own: LightGBM would stay in a server's memory for good, and hold its interpreter meanwhile.
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, get_context("spawn")) as apart:
        return list(apart.map(learned, TARGETS, repeat(rows), old))


def learned(target: Target, rows: Rows, old: dict[str, Any] | None) -> Learned:
    """What is learned of one target from at least one row."""
    import numpy as np

    from backend.risk.learning.choosing import held_against, learn
    from backend.risk.learning.model import Model
    from backend.risk.learning.table import Table, columns_of

    customers, months, known, how = zip(*rows, strict=True)
    left = np.array([float(one == target) for one in how])
    columns = columns_of(FEATURES[target], known)
    table = Table(FEATURES[target], columns, left, np.array(months), np.array(customers, dtype=object))
    found = learn(table)
    if found.model is None:
        return None, found.report, False, found.why
    data, why, is_better = found.model.as_data(), found.why, True
    if old is not None and (judged := held_against(table, found.model.kind, Model.of_data(old))) is not None:
        before, after = judged
        is_better = after <= before
        said = f"log-loss on the latest month {after:.4f}, with the one in force {before:.4f}"
        why = f"{why}; {'taken' if is_better else 'not taken, the one in force is better'}: {said}"
    return data, found.report, is_better, why
