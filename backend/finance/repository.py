"""Selects of finance."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from backend.core import cursor as cursors
from backend.core.errors import Invalid
from backend.finance.models import MetricSnapshot, ReadinessScore, Recommendation

MOST_POINTS = 3_000


def snapshot_at(session: Session, business_id: str, taken_at: datetime) -> MetricSnapshot | None:
    """The snapshot of an hour."""
    mine = MetricSnapshot.business_id == business_id
    return session.scalar(select(MetricSnapshot).where(mine, MetricSnapshot.taken_at == taken_at))


def latest_snapshot_at(session: Session, business_id: str) -> datetime | None:
    """When the metrics were last kept."""
    mine = MetricSnapshot.business_id == business_id
    return session.scalar(select(func.max(MetricSnapshot.taken_at)).where(mine))


def snapshots(session: Session, business_id: str, start: datetime, end: datetime) -> Sequence[MetricSnapshot]:
    """The snapshots from `start` until before `end`, the earliest first; of too many, the latest."""
    mine = MetricSnapshot.business_id == business_id
    between = (MetricSnapshot.taken_at >= start) & (MetricSnapshot.taken_at < end)
    query = select(MetricSnapshot).where(mine, between).order_by(MetricSnapshot.taken_at.desc()).limit(MOST_POINTS)
    return list(session.scalars(query))[::-1]


def latest_score(session: Session, business_id: str) -> ReadinessScore | None:
    """The score that was kept last."""
    mine = ReadinessScore.business_id == business_id
    order = (ReadinessScore.calculated_at.desc(), ReadinessScore.id.desc())
    return session.scalar(select(ReadinessScore).where(mine).order_by(*order).limit(1))


def scores(session: Session, business_id: str, start: datetime, end: datetime) -> Sequence[ReadinessScore]:
    """The scores from `start` until before `end`, the earliest first; of too many, the latest."""
    mine = ReadinessScore.business_id == business_id
    between = (ReadinessScore.calculated_at >= start) & (ReadinessScore.calculated_at < end)
    order = (ReadinessScore.calculated_at.desc(), ReadinessScore.id.desc())
    query = select(ReadinessScore).where(mine, between).order_by(*order).limit(MOST_POINTS)
    return list(session.scalars(query))[::-1]


def recommendations(
    session: Session,
    business_id: str,
    *,
    status: str | None = None,
    priority: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> tuple[list[Recommendation], str | None]:
    """One page, what would bring most first, and the cursor of the next."""
    query = select(Recommendation).where(Recommendation.business_id == business_id)
    if status:
        query = query.where(Recommendation.status == status)
    if priority:
        query = query.where(Recommendation.priority == priority)
    match cursors.decode(cursor):
        case None:
            pass
        case [int(impact), str(id)]:
            query = query.where(tuple_(Recommendation.impact, Recommendation.id) < (impact, id))
        case _:
            raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    order = (Recommendation.impact.desc(), Recommendation.id.desc())
    rows = list(session.scalars(query.order_by(*order).limit(limit + 1)))
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursors.encode([rows[limit - 1].impact, rows[limit - 1].id])


def of_rules(session: Session, business_id: str) -> dict[str, list[Recommendation]]:
    """All recommendations by rule, the newest first; pending ones to be changed."""
    found: dict[str, list[Recommendation]] = {}
    query = select(Recommendation).where(Recommendation.business_id == business_id)
    for row in session.scalars(query.order_by(Recommendation.id.desc()).with_for_update()):
        found.setdefault(row.rule, []).append(row)
    return found
