"""What Thali & Tandoor took in the last three months: charges of subscriptions and single orders, refunds, disputes,
payouts, and the numbers that were kept of them."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from backend.billing.models import Balance, Charge, Dispute, Payout, Refund, Subscription
from backend.billing.takings import CHARGEBACKS, PaidOut, Takings
from backend.demo.ledger import Ledger
from backend.demo.meals import CURRENCY
from backend.finance.figures import Figures, figures
from backend.finance.levers import gain
from backend.finance.measuring import spans_of
from backend.finance.models import MetricSnapshot, ReadinessScore, Recommendation
from backend.finance.scoring import facts_of, rate
from backend.rules.shipped.readiness import READINESS
from backend.rules.shipped.recommendation import CATALOGUE, READINESS_SCORE, RECOMMENDATION

DAYS = 92
ORDERS_A_DAY = 7
DISPUTED, DISPUTED_BEFORE = 0.1, 0.012
"""How many of the single orders, in the last month and before it."""
_PERIOD, _WEEK = timedelta(days=30), timedelta(days=7)
_SPAN = {"week": _WEEK, "month": timedelta(days=30), "year": timedelta(days=365)}
_FAILED_PAYOUTS = (4, 11, 23, 47)
"""Days ago on which one should have arrived."""
Row = dict[str, Any]


def keep(ledger: Ledger, rng: Random, now: datetime) -> None:
    """All of it. With a chance of its own: the rest of the world stays as it is."""
    chance, ledger.rng = ledger.rng, rng
    try:
        _charges(ledger, rng, now)
        _orders(ledger, rng, now)
        _payouts(ledger, now)
        ledger.add(
            Balance,
            id=ledger.new_id(now),
            currency=CURRENCY,
            available=18_450_000,
            pending=9_320_000,
            read_at=now,
            look=1,
        )
        _numbers(ledger, now)
    finally:
        ledger.rng = chance


def _charges(ledger: Ledger, rng: Random, now: datetime) -> None:
    """Of each period of each subscription. The latest have invoices of the same number."""
    for one in ledger.rows[Subscription.__table__]:  # type: ignore[index]
        if one["status"] == "trialing":
            continue
        span, until, starts = _SPAN[one["interval"]], one["ended_at"] or now, one["current_period_start"]
        number, place = one["stripe_subscription_id"].removeprefix("sub_"), 0
        while starts >= max(one["started_at"], now - timedelta(days=DAYS)):
            at = starts + timedelta(hours=1)
            if starts <= until and at < now:
                is_failed = place == 0 and one["status"] == "past_due"
                _charge(
                    ledger, f"ch_{number}n{place}", one["stripe_customer_id"], one["amount"], at, is_failed=is_failed
                )
            starts, place = starts - span, place + 1


def _orders(ledger: Ledger, rng: Random, now: datetime) -> None:
    """Catering orders paid at once; some are given back, some of the last month were taken back."""
    for day in range(DAYS):
        for place in range(rng.randint(ORDERS_A_DAY - 3, ORDERS_A_DAY + 2) + (DAYS - day) // 45):
            at = (now - timedelta(days=day, minutes=rng.randint(5, 1_400))).replace(microsecond=0)
            id, amount = f"ch_order{day:03}{place:02}", rng.choice((320_000, 480_000, 750_000, 1_150_000, 2_400_000))
            is_failed = rng.random() < 0.05
            row = _charge(ledger, id, None, amount, at, is_failed=is_failed)
            if is_failed:
                continue
            if rng.random() < 0.03:
                row["refunded"] = amount
                _refund(ledger, id, amount, min(at + timedelta(days=2), now - timedelta(minutes=3)))
            elif rng.random() < (DISPUTED if day < _PERIOD.days else DISPUTED_BEFORE):
                status = rng.choice(("needs_response", "under_review", "lost") if day < 14 else ("lost", "lost", "won"))
                _dispute(ledger, id, amount, min(at + timedelta(days=1), now - timedelta(minutes=2)), status)


def _charge(ledger: Ledger, id: str, customer: str | None, amount: int, at: datetime, *, is_failed: bool) -> Row:
    return ledger.add(
        Charge,
        id=ledger.new_id(at),
        stripe_charge_id=id,
        stripe_customer_id=customer,
        status="failed" if is_failed else "succeeded",
        amount=amount,
        captured=0 if is_failed else amount,
        refunded=0,
        currency=CURRENCY,
        failure_code="insufficient_funds" if is_failed else None,
        created_at=at,
        read_at=at,
        look=1,
    )


def _refund(ledger: Ledger, charge: str, amount: int, at: datetime) -> None:
    about = {"status": "succeeded", "reason": "requested_by_customer", "currency": CURRENCY, "read_at": at, "look": 1}
    ids = {"stripe_refund_id": charge.replace("ch_", "re_"), "stripe_charge_id": charge}
    ledger.add(Refund, id=ledger.new_id(at), **ids, amount=amount, created_at=at, **about)


def _dispute(ledger: Ledger, charge: str, amount: int, at: datetime, status: str) -> None:
    ids = {"stripe_dispute_id": charge.replace("ch_", "du_"), "stripe_charge_id": charge}
    none = dict.fromkeys(("customer_id", "subscription_id", "invoice_id"))
    about = {"status": status, "reason": "fraudulent", "currency": CURRENCY, "read_at": at, "look": 1}
    ledger.add(Dispute, id=ledger.new_id(at), **ids, **none, amount=amount, created_at=at, **about)


def _payouts(ledger: Ledger, now: datetime) -> None:
    """Of each day what was taken two days before."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    charges = [row for row in ledger.rows[Charge.__table__] if row["captured"]]  # type: ignore[index]
    for day in range(DAYS - 3):
        arrives = midnight - timedelta(days=day)
        taken = sum(
            row["captured"]
            for row in charges
            if arrives - timedelta(days=3) <= row["created_at"] < arrives - timedelta(days=2)
        )
        if not taken:
            continue
        is_failed = day in _FAILED_PAYOUTS
        ledger.add(
            Payout,
            id=ledger.new_id(arrives - timedelta(days=2)),
            stripe_payout_id=f"po_thali{day:03}",
            status="failed" if is_failed else "in_transit" if day == 0 else "paid",
            amount=taken * 97 // 100,
            currency=CURRENCY,
            is_automatic=True,
            failure_code="could_not_process" if is_failed else None,
            created_at=arrives - timedelta(days=2),
            arrives_at=arrives,
            paid_at=None,
            read_at=now,
            look=1,
        )


class _Book:
    """The rows by instant, so that each kept number costs little."""

    def __init__(self, ledger: Ledger) -> None:
        rows = ledger.rows
        self.charges = sorted(rows[Charge.__table__], key=_created)  # type: ignore[index]
        self.refunds = sorted(rows[Refund.__table__], key=_created)  # type: ignore[index]
        self.disputes = sorted(rows[Dispute.__table__], key=_created)  # type: ignore[index]
        self.payouts = rows[Payout.__table__]  # type: ignore[index]

    def taken(self, start: datetime, end: datetime) -> Takings:
        found = Takings()
        for row in _between(self.charges, start, end):
            found.charges += row["status"] == "succeeded"
            found.captured += row["captured"]
            found.failed += row["status"] == "failed"
        for row in _between(self.refunds, start, end):
            found.refunds, found.refunded = found.refunds + 1, found.refunded + row["amount"]
        for row in _between(self.disputes, start, end):
            if row["status"] in CHARGEBACKS:
                found.chargebacks, found.charged_back = found.chargebacks + 1, found.charged_back + row["amount"]
        return found

    def figures(self, end: datetime) -> Figures:
        start = end - _PERIOD
        due = [row for row in self.payouts if start <= row["arrives_at"] < end and row["status"] != "in_transit"]
        arrived = PaidOut(len(due), sum(row["status"] == "paid" for row in due))
        spans = [self.taken(*span).captured for span in spans_of(start, end, _WEEK.days)]
        return figures(CURRENCY, self.taken(start, end), spans, arrived, self.taken(start - _PERIOD, start).captured)


def _created(row: Mapping[str, Any]) -> datetime:
    at: datetime = row["created_at"]
    return at


def _between(rows: Sequence[Row], start: datetime, end: datetime) -> Sequence[Row]:
    return rows[bisect_left(rows, start, key=_created) : bisect_left(rows, end, key=_created)]


def _numbers(ledger: Ledger, now: datetime) -> None:
    """What was kept at the end of each of the last 30 days, and of the last hours."""
    book, compiled = _Book(ledger), READINESS.compile(READINESS.shipped, 1)
    hour = now.replace(minute=0, second=0, microsecond=0)
    for at in sorted(
        {*(hour - timedelta(days=day) for day in range(1, 30)), *(hour - timedelta(hours=n) for n in range(12))}
    ):
        own = book.figures(at)
        rated, facts = rate(compiled, facts_of(own)), facts_of(own)
        ledger.add(
            MetricSnapshot,
            id=ledger.new_id(at),
            taken_at=at,
            period_start=at - _PERIOD,
            currency=CURRENCY,
            revenue_total=own.revenue_total,
            revenue_volatility=own.revenue_volatility,
            chargeback_ratio=own.chargeback_ratio,
            payout_reliability=own.payout_reliability,
            average_transaction_size=own.average_transaction_size,
            transaction_count=own.transaction_count,
            refund_total=own.refund_total,
            revenue_net=own.revenue_net,
            others=[],
        )
        held = [{"rule": one.rule, "points": one.points} for one in rated.factors if one.holds]
        about = {"score": rated.score, "tier": rated.tier, "factors": held, "facts": facts, "rule_version": 1}
        ledger.add(ReadinessScore, id=ledger.new_id(at), calculated_at=at, **about)
    _advise(ledger, book, now)


def _advise(ledger: Ledger, book: _Book, now: datetime) -> None:
    """What the rules say of now has waited for two days; something else was not wanted twelve days ago."""
    readiness, compiled = READINESS.compile(READINESS.shipped, 1), RECOMMENDATION.compile(RECOMMENDATION.shipped, 1)
    facts = facts_of(book.figures(now))
    seen = {**facts, READINESS_SCORE: rate(readiness, facts).score}
    whens = {rule.id: rule for rule in compiled.document.rules}
    for fired in compiled.evaluate(seen, trace=False).fired:
        impact = gain(readiness, facts, whens[fired.rule_id].when, CATALOGUE, READINESS_SCORE)
        settings = compiled.settings
        priority = "high" if impact > settings["high"] else "medium" if impact >= settings["medium"] else "low"
        _recommendation(ledger, fired.rule_id, fired.then, fired.text, impact, priority, now - timedelta(days=2))
    late = whens["improve_payouts"]
    reason, at = "Only 77.78 % of payouts are on time.", now - timedelta(days=13)
    _recommendation(ledger, late.id, late.then, reason, 10, "medium", at, dismissed=now - timedelta(days=12))


def _recommendation(
    ledger: Ledger,
    rule: str,
    then: Mapping[str, Any],
    reason: str,
    impact: int,
    priority: str,
    at: datetime,
    dismissed: datetime | None = None,
) -> None:
    ledger.add(
        Recommendation,
        id=ledger.new_id(at),
        rule=rule,
        title=then["title"],
        reason=reason,
        action=then["action"],
        impact=impact,
        priority=priority,
        status="dismissed" if dismissed else "pending",
        rule_version=1,
        created_at=at,
        updated_at=dismissed or at,
        decided_at=dismissed,
        decided_by=None,
        told_at=at,
        version=2 if dismissed else 1,
    )
