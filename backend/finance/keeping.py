"""Keeping numbers and scores, hour by hour, as they were known then."""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select

from backend.billing import repository as billing
from backend.billing import takings
from backend.finance import events, repository, telling
from backend.finance.levers import Facts
from backend.finance.measuring import Measured, measure_latest
from backend.finance.models import MetricSnapshot, ReadinessScore
from backend.finance.scoring import Rated, facts_of, rate
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work

HOURLY_FOR = timedelta(days=90)
"""How long every hour is kept; of older days the last one."""


def has_numbers(work: Work) -> bool:
    """Whether anything is known of what the business takes: an account that was connected, or charges."""
    account = billing.account(work.session, work.business_id)
    return account is not None or takings.first_instant(work) is not None


def hour_of(now: datetime) -> datetime:
    """The beginning of its hour."""
    return now.replace(minute=0, second=0, microsecond=0)


def keep_metrics(work: Work) -> MetricSnapshot | None:
    """Keep the metrics as of the beginning of this hour, once; None when nothing is known of any."""
    if not has_numbers(work):
        return None
    at = hour_of(work.now)
    row = repository.snapshot_at(work.session, work.business_id, at)
    measured = measure_latest(work, end=at)
    own = measured.own
    values = {
        "period_start": measured.start,
        "currency": own.currency,
        "revenue_total": own.revenue_total,
        "revenue_volatility": own.revenue_volatility,
        "chargeback_ratio": own.chargeback_ratio,
        "payout_reliability": own.payout_reliability,
        "average_transaction_size": own.average_transaction_size,
        "transaction_count": own.transaction_count,
        "refund_total": own.refund_total,
        "revenue_net": own.revenue_net,
        "others": [telling.as_json(telling.metrics_of(one)) for one in measured.others],
    }
    if row is None:
        return work.add(MetricSnapshot(taken_at=at, **values))
    for name, value in values.items():  # the hour is kept as it was known last in it
        setattr(row, name, value)
    work.session.flush()
    return row


def rated_now(work: Work) -> tuple[Measured, Facts, Compiled, Rated]:
    """The metrics of now, the facts they are, the readiness rules in force, and what these say."""
    measured, compiled = measure_latest(work), rules.current(work, "readiness")
    facts = facts_of(measured.own)
    return measured, facts, compiled, rate(compiled, facts)


def keep_readiness(work: Work) -> ReadinessScore | None:
    """Keep the score of now, and tell when it is another; None when nothing is known of any metric."""
    if not has_numbers(work):
        return None
    _, facts, compiled, rated = rated_now(work)
    before = repository.latest_score(work.session, work.business_id)
    held = [{"rule": one.rule, "points": one.points} for one in rated.factors if one.holds]
    values = {"score": rated.score, "tier": rated.tier, "factors": held, "rule_version": compiled.version}
    if before is not None and hour_of(before.calculated_at) == hour_of(work.now) and _is_same(before, rated):
        return before
    row = work.add(ReadinessScore(**values, facts=dict(facts), calculated_at=work.now))
    if before is None or (before.score, before.tier) != (row.score, row.tier):
        told = {
            "score": [before.score if before else None, row.score],
            "tier": [before.tier if before else None, row.tier],
        }
        state = telling.as_json(telling.readiness_point(row))
        work.emit(events.ReadinessChanged(subject_id=work.business_id, state=state, data=told))
    return row


def prune(work: Work) -> None:
    """Of days long ago, leave the last of the kept numbers and scores."""
    before = work.now - HOURLY_FOR
    for model, column in (
        (MetricSnapshot, MetricSnapshot.taken_at),
        (ReadinessScore, ReadinessScore.calculated_at),
    ):
        mine = (model.business_id == work.business_id) & (column < before)
        rows = work.session.execute(select(model.id, column).where(mine).order_by(column.desc())).all()
        days: set[date] = set()
        gone: list[str] = []
        for id, at in rows:
            if at.date() in days:
                gone.append(id)
            days.add(at.date())
        for start in range(0, len(gone), 500):
            some = delete(model).where(mine, model.id.in_(gone[start : start + 500]))
            work.session.execute(some.execution_options(synchronize_session=False))


def _is_same(before: ReadinessScore, rated: Rated) -> bool:
    held = {one.rule for one in rated.factors if one.holds}
    return (before.score, {one["rule"] for one in before.factors}) == (rated.score, held)
