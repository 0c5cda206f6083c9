"""The dashboard: how the business stands, and churn and revenue by month or week, from the mirror's own rows."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from backend.alerts import repository as alerts
from backend.analytics.dashboard_schemas import ChartData, ChartPoint, Dashboard, DashboardMetric
from backend.analytics.subscribed import By, Life, edges, span, spans
from backend.billing.models import Invoice, Subscription
from backend.billing.revenue import EARNING, monthly, whole
from backend.core.money import to_major
from backend.core.rows import table_of
from backend.customers.models import Customer
from backend.identity.service import currency_of, time_zone_of
from backend.incidences.models import Incidence
from backend.incidences.service import require_staff
from backend.interventions import repository as interventions
from backend.retention import cohort, figures
from backend.risk.models import CustomerRisk
from backend.signals.models import Context
from backend.work import Work

Unit = Literal["count", "percent", "money"]
RECENT = timedelta(days=30)
HORIZON = 90
_INVOLUNTARY = ("payment_disputed", "payment_failed")
_NEVER_PAID = ("incomplete", "incomplete_expired")
DEFINITIONS = {
    "customers": "Customers that are known and were not erased.",
    "active": "Customers whose app told something of them in the last 30 days.",
    "paying": "Customers with a subscription that brings money now.",
    "mrr": "What subscriptions bring in a month, net of discounts; nothing of those in trial, paused, unpaid or ended. Only "
    "those in {currency}.",
    "atRisk": "Customers at risk level high by the rules of risk, as they were rated last.",
    "mrrAtRisk": "What subscriptions of customers at risk level high bring in a month, in {currency}.",
    "churnRate": "Subscriptions that ended in the last 30 days, of those that brought money 30 days ago, in {currency}.",
    "savedRevenue": "{gross} Runs of the last 180 days. What offers really added, against the holdout, is in the "
    "retention analytics.",
    "openIncidences": "Cases that are not closed.",
    "openInterventions": "Interventions that are open or active.",
    "overdueInterventions": "Of those, the ones that were due before now.",
    "unreadAlerts": "Alerts of yours that you have not read.",
}
CHART = {
    "mrr": "At the end of the span: what each subscription brings in a month as it is now, and of one that ended, its list "
    "price by the month. What it brought before a change of plan or discount is not known.",
    "paid": "Paid in the span, net of refunds, disputes and tax.",
    "churned": "Subscriptions that brought money at the start of the span and ended in it.",
    "involuntary": "Of those that churned: by failed or disputed payments, as Stripe says.",
    "churnRate": "Churned, of those that brought money at the start of the span.",
}


def dashboard(work: Work) -> Dashboard:
    """How the business stands now, and how much the caller has not read."""
    own, session, currency = work.business_id, work.session, currency_of(work)
    customers, risks, subscriptions = table_of(Customer).c, table_of(CustomerRisk).c, table_of(Subscription).c

    def number(query: Any) -> int:
        return int(session.connection().execute(query).scalar() or 0)

    contexts, incidences = table_of(Context).c, table_of(Incidence).c
    earning = (subscriptions.business_id == own, subscriptions.mrr > 0)
    in_currency = (*earning, func.upper(subscriptions.currency) == currency)
    high = select(risks.customer_id).where(risks.business_id == own, risks.level == "high")
    recent = span(_lives(work, currency)[0], work.now - RECENT, work.now)
    saved = [run.money.net for run in cohort.read(work, 180, HORIZON).runs if run.outcome == "SAVED" and run.money]
    unfinished, overdue = interventions.counts(session, own, work.now)
    people = select(func.count()).where(customers.business_id == own, customers.erased_at.is_(None))
    seen = select(func.count()).where(contexts.business_id == own, contexts.last_activity >= work.now - RECENT)
    brings = select(func.sum(subscriptions.mrr)).where(*in_currency)
    rows: Sequence[tuple[str, str, Unit, float | None]] = (
        ("customers", "Customers", "count", number(people)),
        ("active", "Active", "count", number(seen)),
        ("paying", "Paying", "count", number(select(func.count(subscriptions.customer_id.distinct())).where(*earning))),
        ("mrr", "Monthly revenue", "money", to_major(number(brings), currency)),
        ("atRisk", "At risk", "count", number(select(func.count()).select_from(high.subquery()))),
        (
            "mrrAtRisk",
            "Revenue at risk",
            "money",
            to_major(number(brings.where(subscriptions.customer_id.in_(high))), currency),
        ),
        ("churnRate", "Churn", "percent", recent.churn_rate),
        ("savedRevenue", "Saved (not incremental)", "money", to_major(sum(saved), currency)),
        (
            "openIncidences",
            "Open cases",
            "count",
            number(select(func.count()).where(incidences.business_id == own, incidences.status != "CLOSED")),
        ),
        ("openInterventions", "Interventions", "count", unfinished),
        ("overdueInterventions", "Overdue", "count", overdue),
        ("unreadAlerts", "Unread alerts", "count", alerts.unread_count(session, own, require_staff(work))),
    )
    words = {"currency": currency, "gross": figures.definition("gross", HORIZON)}
    return Dashboard(
        currency=currency,
        as_of=work.now,
        metrics=[
            DashboardMetric(
                name=name,
                label=label,
                unit=unit,
                value=None if value is None else round(value, 2),
                definition=DEFINITIONS[name].format(**words),
            )
            for name, label, unit, value in rows
        ],
    )


def chart_data(work: Work, *, by: By, count: int) -> ChartData:
    """The last `count` local months or weeks, the one that goes on included."""
    zone, currency = ZoneInfo(time_zone_of(work)), currency_of(work)
    lives, others = _lives(work, currency)
    at = edges(work.now, zone, by, count)
    paid = _paid(work, currency, at)
    points = [
        ChartPoint(
            start=one.start,
            end=one.end,
            label=f"{one.start.astimezone(zone):{'%Y-%m' if by == 'month' else '%Y-%m-%d'}}",
            mrr=to_major(one.worth, currency),
            paid=to_major(amount, currency),
            subscriptions=one.running,
            started=one.started,
            churned=one.churned,
            involuntary=one.involuntary,
            churn_rate=None if one.churn_rate is None else round(one.churn_rate, 2),
        )
        for one, amount in zip(spans(lives, at), paid, strict=True)
    ]
    return ChartData(by=by, zone=zone.key, currency=currency, other_currencies=others, points=points, definitions=CHART)


def _lives(work: Work, currency: str) -> tuple[list[Life], int]:
    """Subscriptions in the business's currency that ever brought money, and how many are in another."""
    columns = table_of(Subscription).c
    names = ("customer_id", "currency", "status", "mrr", "amount", "interval", "interval_count")
    times = ("started_at", "trial_end", "ended_at", "cancellation_reason")
    query = select(*(columns[name] for name in (*names, *times)))
    query = query.where(columns.business_id == work.business_id, columns.former_account.is_(None))
    found, others = [], 0
    for row in work.session.connection().execute(query):
        if row.currency.upper() != currency:
            others += 1
            continue
        start = max(row.started_at, row.trial_end or row.started_at)
        if row.status in _NEVER_PAID or (row.ended_at is not None and row.ended_at <= start):
            continue
        has_ended = row.ended_at is not None
        worth = row.mrr if row.status in EARNING else whole(monthly(row.amount, row.interval, row.interval_count))
        if not has_ended and not row.mrr:
            continue
        found.append(Life(row.customer_id, start, row.ended_at, worth, row.cancellation_reason in _INVOLUNTARY))
    return found, others


def _paid(work: Work, currency: str, at: Sequence[datetime]) -> list[int]:
    """What was paid in each span, in minor units."""
    invoices = table_of(Invoice).c
    names = ("paid_at", "amount_paid", "refunded", "disputed", "tax", "total")
    query = select(*(invoices[name] for name in names)).where(
        invoices.business_id == work.business_id,
        invoices.status == "paid",
        invoices.former_account.is_(None),
        invoices.paid_at >= at[0],
        invoices.paid_at < at[-1],
        func.upper(invoices.currency) == currency,
    )
    sums = [0] * (len(at) - 1)
    for when, amount, refunded, disputed, tax, total in work.session.connection().execute(query):
        kept = amount - refunded - disputed
        sums[bisect_right(at, when) - 1] += kept - (round(kept * tax / total) if total else 0)
    return sums
