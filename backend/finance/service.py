"""What is read of a business's finances. Other slices (the copilot's tools) read the same."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from backend.billing import repository as billing
from backend.core.days import DAY, day_of, start_of
from backend.core.errors import Invalid
from backend.core.wire import Page
from backend.events import log
from backend.finance import keeping, repository, telling
from backend.finance.figures import DEFINITIONS
from backend.finance.levers import levers, lift
from backend.finance.measuring import LONGEST, measure_days, measure_latest
from backend.finance.schemas import (
    By,
    MetricHistory,
    MetricsRead,
    ReadinessHistory,
    ReadinessRead,
    RecommendationRead,
)
from backend.identity.service import time_zone_of
from backend.rules.shipped.readiness import LABELS
from backend.work import Work

HISTORY_DAYS = 30
T = TypeVar("T")


def read_metrics(work: Work, first: date | None = None, last: date | None = None) -> MetricsRead:
    """The metrics as they are now: of local days, both included, or without any of the last days that the rules name.

    Invalid for days that are no span.
    """
    if first is None and last is None:
        measured = measure_latest(work)
    else:
        today = day_of(work.now, ZoneInfo(time_zone_of(work)))
        until = last or today
        measured = measure_days(work, first or until - DAY * (HISTORY_DAYS - 1), until)
    account = billing.account(work.session, work.business_id)
    return telling.metrics_read(
        work.business_id,
        measured,
        snapshot_at=repository.latest_snapshot_at(work.session, work.business_id),
        synced_at=account.synced_at if account else None,
    )


def metric_history(work: Work, first: date | None, last: date | None, by: By) -> MetricHistory:
    """The kept metrics of local days, both included: of every hour, or the last ones of each day."""
    start, end, zone = _span(work, first, last)
    rows = repository.snapshots(work.session, work.business_id, start, end)
    kept = _last_of_days(rows, [row.taken_at for row in rows], zone) if by == "day" else rows
    return MetricHistory(items=[telling.metric_point(row) for row in kept], zone=zone.key, definitions=DEFINITIONS)


def read_readiness(work: Work) -> ReadinessRead:
    """The score of now by the rules in force, what it is made of, and what would lift it."""
    _, facts, compiled, rated = keeping.rated_now(work)
    found = levers(compiled, facts)
    lifted = lift(compiled, facts, found)
    return ReadinessRead(
        business_id=work.business_id,
        score=rated.score,
        tier=rated.tier,
        label=LABELS[rated.tier],
        base=rated.base,
        helps=[telling.factor_read(one) for one in rated.helps],
        hurts=[telling.factor_read(one) for one in rated.hurts],
        idle=[telling.factor_read(one) for one in rated.idle],
        levers=[telling.lever_read(one) for one in found],
        next_tier=telling.lift_read(lifted, rated.score) if lifted else None,
        calculated_at=work.now,
        rule_version=compiled.version,
    )


def readiness_history(work: Work, first: date | None, last: date | None, by: By) -> ReadinessHistory:
    """The kept scores of local days, both included: of every hour, or the last one of each day."""
    start, end, zone = _span(work, first, last)
    rows = repository.scores(work.session, work.business_id, start, end)
    kept = _last_of_days(rows, [row.calculated_at for row in rows], zone) if by == "day" else rows
    return ReadinessHistory(items=[telling.readiness_point(row) for row in kept], zone=zone.key)


def list_recommendations(
    work: Work, *, status: str | None = None, priority: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[RecommendationRead]:
    """One page of recommendations, what would bring most first."""
    as_of = log.head_of(work.session, work.business_id)
    rows, following = repository.recommendations(
        work.session, work.business_id, status=status, priority=priority, cursor=cursor, limit=limit
    )
    return Page(items=[telling.recommendation_read(row) for row in rows], next_cursor=following, as_of=as_of)


def _span(work: Work, first: date | None, last: date | None) -> tuple[datetime, datetime, ZoneInfo]:
    zone = ZoneInfo(time_zone_of(work))
    until = last or day_of(work.now, zone)
    since = first or until - DAY * (HISTORY_DAYS - 1)
    if until < since or (until - since) >= timedelta(days=LONGEST):
        raise Invalid(f"to: must be a day from `from` on, and less than {LONGEST} days after it.", field="to")
    return start_of(since, zone), start_of(until + DAY, zone), zone


def _last_of_days(rows: Sequence[T], instants: Sequence[datetime], zone: ZoneInfo) -> list[T]:
    return list({day_of(at, zone): row for row, at in zip(rows, instants, strict=True)}.values())
