"""The runs that an answer is about: read once, then only counted."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from backend.billing.models import Invoice, Subscription
from backend.core.clock import instant
from backend.core.days import day_of, start_of
from backend.events import log
from backend.identity.service import currency_of, time_zone_of
from backend.retention import rewards
from backend.retention.estimating.survival import Life
from backend.retention.holdout import HOLDOUT
from backend.retention.models import OfferEvent, RetentionRun, RunReward
from backend.retention.steps import BY_AGENT
from backend.rules import service as rules
from backend.rules.shipped.flow import OFFERS
from backend.work import Work

_DAYS_IN_A_MONTH = 365 / 12


@dataclass(frozen=True, slots=True)
class Money:
    """What a run's subscription brought in the horizon. Minor units."""

    net: int
    list_price: int
    discount: int
    pause_cost: int


@dataclass(frozen=True, slots=True)
class Run:
    """A definitive run. `money` is None while it is younger than the horizon, or is in another currency."""

    id: str
    customer_id: str
    day: date
    group: str
    share: float
    outcome: str | None
    reason: str | None
    follow_up: str | None
    segment: str
    mrr: int
    currency: str
    ranking: Sequence[dict[str, Any]]
    is_mature: bool
    is_kept: bool
    """Not given up within the horizon."""
    money: Money | None
    shown: tuple[str, ...] = ()
    """Offers, by type and depth."""
    accepted: tuple[str, ...] = ()
    is_definitive: bool = True
    """Whether no later run counts instead."""
    is_chosen: bool = False
    """Begun by an agent's offer, which nobody in the holdout can be made."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Definitive runs that began on the last `days` local days, and what was paid `horizon` days after each."""

    days: int
    horizon: int
    start: datetime
    now: datetime
    first: date
    last: date
    zone: str
    currency: str
    seq: int
    runs: list[Run]
    holdout_share: float
    """That is drawn with now."""
    lives: list[Life] = field(default_factory=list)
    """Of saved runs: months paid since."""
    paid_by_saved: int = 0
    """Net, in those months."""

    entered: list[Run] = field(default_factory=list)
    """One for each that wanted to cancel, which is what can happen to both groups alike: not what an agent's offer began,
    nor lost to one that came after it. These are compared."""

    @property
    def mature(self) -> list[Run]:
        return [run for run in self.runs if run.money is not None]


def read(work: Work, days: int, horizon: int, *, flow_id: str | None = None, with_lives: bool = False) -> Cohort:
    """Those of a flow, or all."""
    zone, currency = ZoneInfo(time_zone_of(work)), currency_of(work)
    last = day_of(work.now, zone)
    first = last - timedelta(days=days - 1)
    start = start_of(first, zone)
    rows = _rows(work, start, horizon, flow_id)
    shown, accepted = _offers_of(work, start, {row.id: row.ranking for row in rows})
    found = [_run(row, zone, currency, horizon, work.now, shown, accepted) for row in rows]
    runs, entered = [run for run in found if run.is_definitive], [run for run in found if not run.is_chosen]
    saved = [row for row in rows if row.outcome == "SAVED" and row.currency == currency and row.superseded_by is None]
    lives, paid = _lives(work, saved) if with_lives else ([], 0)
    share = _share_now(work)
    seq = log.head_of(work.session, work.business_id)
    return Cohort(
        days, horizon, start, work.now, first, last, zone.key, currency, seq, runs, share, lives, paid, entered
    )


def told(cohort: Cohort) -> dict[str, Any]:
    """Told data."""
    return {
        "days": cohort.days,
        "horizon": cohort.horizon,
        "start": instant(cohort.start),
        "zone": cohort.zone,
        "currency": cohort.currency,
        "otherCurrencies": sum(run.currency != cohort.currency for run in cohort.runs),
        "asOf": instant(cohort.now),
        "runs": len(cohort.runs),
        "mature": len(cohort.mature),
        "hasHoldout": any(run.group == HOLDOUT for run in cohort.runs),
    }


def _share_now(work: Work) -> float:
    row = work.session.scalar(
        select(RetentionRun.holdout_share)
        .where(RetentionRun.business_id == work.business_id)
        .order_by(RetentionRun.assigned_at.desc(), RetentionRun.id.desc())
        .limit(1)
    )
    return row if row is not None else float(rules.current(work, "flow").document.settings["holdout"][0]["share"])


def _rows(work: Work, start: datetime, horizon: int, flow_id: str | None) -> Sequence[Any]:
    names = (
        *("id", "customer_id", "subscription_id", "started_at", "group", "holdout_share", "outcome", "reason"),
        *("follow_up", "segment", "mrr", "currency", "ranking", "superseded_by", "flow_rule"),
    )
    later = aliased(RetentionRun)
    by_agent = exists().where(
        later.business_id == work.business_id, later.id == RetentionRun.superseded_by, later.flow_rule == BY_AGENT
    )
    is_entry = by_agent & (func.coalesce(RetentionRun.flow_rule, "") != BY_AGENT)
    columns = [getattr(RetentionRun, name) for name in names]
    reward = (RunReward.run_id == RetentionRun.id) & (RunReward.days == horizon)
    query = (
        select(*columns, RunReward.net_paid, RunReward.list_price, RunReward.discount, RunReward.pause_cost)
        .add_columns(Subscription.canceled_at)
        .join(Subscription, Subscription.id == RetentionRun.subscription_id)
        .outerjoin(RunReward, reward & (RunReward.business_id == work.business_id))
        .where(RetentionRun.business_id == work.business_id, RetentionRun.superseded_by.is_(None) | is_entry)
        .where(RetentionRun.started_at >= start)
        .order_by(RetentionRun.started_at, RetentionRun.id)
    )
    return work.session.execute(query if flow_id is None else query.where(RetentionRun.flow_id == flow_id)).all()


def _run(
    row: Any,
    zone: ZoneInfo,
    currency: str,
    horizon: int,
    now: datetime,
    shown: dict[str, Any],
    accepted: dict[str, Any],
) -> Run:
    is_mature = row.started_at + timedelta(days=horizon) <= now
    money = None
    if is_mature and row.net_paid is not None and row.currency == currency:
        money = Money(row.net_paid, row.list_price, row.discount, row.pause_cost)
    return Run(
        row.id,
        row.customer_id,
        day_of(row.started_at, zone),
        row.group,
        row.holdout_share,
        row.outcome,
        row.reason,
        row.follow_up,
        row.segment,
        row.mrr,
        row.currency,
        row.ranking,
        is_mature,
        not rewards.is_cancelled(row, row.canceled_at, horizon),
        money,
        tuple(shown[row.id]),
        tuple(accepted[row.id]),
        row.superseded_by is None,
        row.flow_rule == BY_AGENT,
    )


def _offers_of(
    work: Work, start: datetime, rankings: dict[str, Any]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The offers that were shown and accepted in each run, as its ranking names them."""
    shown: dict[str, list[str]] = defaultdict(list)
    accepted: dict[str, list[str]] = defaultdict(list)
    mine = (OfferEvent.business_id == work.business_id) & (OfferEvent.at >= start) & OfferEvent.offer_type.in_(OFFERS)
    columns = select(OfferEvent.run_id, OfferEvent.kind, OfferEvent.offer_type, OfferEvent.params)
    query = columns.where(mine, OfferEvent.kind.in_(("SHOWN", "ACCEPTED"))).order_by(OfferEvent.at, OfferEvent.id)
    for row in work.session.execute(query):
        if row.run_id in rankings:
            found = shown if row.kind == "SHOWN" else accepted
            offer = _named(rankings[row.run_id], row.offer_type, row.params)
            if offer not in found[row.run_id]:
                found[row.run_id].append(offer)
    return shown, accepted


def _named(ranking: Sequence[dict[str, Any]], offer_type: str, params: dict[str, Any]) -> str:
    same = [one for one in ranking if one["offer"].partition(":")[0] == offer_type]
    exact = (one["offer"] for one in same if one.get("params") == params)
    return next(exact, same[0]["offer"] if same else offer_type)


def _lives(work: Work, saved: Sequence[Any]) -> tuple[list[Life], int]:
    """How many months each saved subscription paid after its run, whether it has ended, and what all of them paid.

    One whose Stripe account was disconnected or replaced is a life seen up to then: what it paid before counts, it is
    not said to have ended, and `survival.curve` asks it of no month after that. What the customer pays at the new account
    is another subscription's, as Stripe knows no link between the two.
    """
    ids = {row.subscription_id for row in saved}
    names = ("subscription_id", "status", "amount_paid", "refunded", "disputed", "tax", "total", "subtotal", "discount")
    columns = [getattr(Invoice, name) for name in (*names, "paid_at", "created_at", "period_start", "period_end")]
    mine = (Invoice.business_id == work.business_id) & Invoice.subscription_id.in_(ids) & (Invoice.status == "paid")
    invoices: dict[str, list[Any]] = defaultdict(list)
    for one in work.session.execute(select(*columns).where(mine)) if ids else ():
        invoices[one.subscription_id].append(one)
    lives, total = [], 0
    for row in saved:
        own = [one for one in invoices[row.subscription_id] if one.paid_at is not None and one.paid_at > row.started_at]
        days = sum((one.period_end - one.period_start).days for one in own if one.period_start and one.period_end)
        lives.append(Life(round(days / _DAYS_IN_A_MONTH), row.canceled_at is not None))
        total += rewards.paid_in(own, row.started_at, work.now).net
    return lives, total
