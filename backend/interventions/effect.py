"""Did interventions help? Customers who got one against customers alike who got none: what is read, and what it says."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from backend.billing.models import Invoice, Subscription
from backend.billing.revenue import monthly
from backend.core.money import exponent, to_major
from backend.core.rows import table_of
from backend.customers.models import Customer
from backend.identity.service import currency_of, time_zone_of
from backend.interventions.estimating import Difference, Stratum, difference, needed, usable
from backend.interventions.models import Intervention
from backend.interventions.schemas import Effect, Effects
from backend.risk.models import RiskScore
from backend.work import Work

BACK = timedelta(days=365)
_BAND = 4
"""A band of monthly revenue reaches to four times where it begins."""
ALIKE = (
    "Alike are customers without any intervention until then who, in the middle of the same month's interventions, had "
    "the same risk level, billing interval and band of monthly revenue (a band reaches to four times where it begins). "
    "Every customer counts once, with their first intervention, cancelled ones too. It is a comparison and no "
    "experiment: whoever chose whom to help may have known more. 95 % interval (Welch, over the groups), for one look."
)
DEFINITIONS = {
    "risk": "Risk score (0 to 100) {horizon} days after an intervention began, less the score when it began; the same of "
    "customers alike, subtracted. Below zero the risk fell further. ",
    "revenue": "Paid in the {horizon} days after it began, net of refunds, disputes and tax, less what was paid in the "
    "{horizon} days before, in {currency}; the same of customers alike, subtracted. ",
}
_LABELS = {"risk": "Risk score", "revenue": "Revenue"}
Kind = tuple[str, str, str, int]
"""Month, risk level, billing interval, band: what customers have to share."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A customer around an instant: what they were like, and both measures before and after."""

    kind: Kind
    risk: tuple[float, float]
    revenue: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of one customer: scores and payments by time, and subscriptions (start, end, interval, monthly)."""

    since: datetime
    scores: tuple[Sequence[datetime], Sequence[tuple[int, str]]]
    paid: tuple[Sequence[datetime], Sequence[float]]
    """Instants, and all that was paid up to each."""
    subscriptions: Sequence[tuple[datetime, datetime | None, str, float]]

    def at(self, at: datetime, month: str, span: timedelta) -> Seen | None:
        """The customer at an instant; None when there was no score yet."""
        before, after = self._score(at), self._score(at + span)
        if before is None or after is None or self.since > at:
            return None
        running = [one for one in self.subscriptions if one[0] <= at and (one[1] is None or one[1] > at)]
        _, _, interval, worth = max(running, key=lambda one: one[3], default=(at, None, "none", 0.0))
        paid = (self._paid(at) - self._paid(at - span), self._paid(at + span) - self._paid(at))
        return Seen((month, before[1], interval, band_of(worth)), (before[0], after[0]), paid)

    def _score(self, at: datetime) -> tuple[int, str] | None:
        times, values = self.scores
        place = bisect_right(times, at)
        return values[place - 1] if place else None

    def _paid(self, at: datetime) -> float:
        times, sums = self.paid
        place = bisect_right(times, at)
        return sums[place - 1] if place else 0.0


def band_of(worth: float) -> int:
    """The band of a monthly amount: 0 is nothing."""
    band, top = 0, 1.0
    while worth >= top:
        band, top = band + 1, top * _BAND
    return band


def effects(work: Work, *, horizon: int) -> Effects:
    """What became of risk and revenue `horizon` days after interventions of the last year began."""
    span, currency = timedelta(days=horizon), currency_of(work)
    first, zone = work.now - BACK, ZoneInfo(time_zone_of(work))
    query = (
        select(Intervention.customer_id, func.min(Intervention.created_at))
        .join(Customer, Customer.id == Intervention.customer_id)
        .where(Intervention.business_id == work.business_id, Customer.erased_at.is_(None))
        .group_by(Intervention.customer_id)
    )
    begun = dict(work.session.execute(query).tuples().all())
    lately = {id: at for id, at in begun.items() if at >= first}
    ready = {id: at for id, at in lately.items() if at + span <= work.now}
    pasts = _read(work, currency) if ready else {}
    months: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for id, at in ready.items():
        months[f"{at.astimezone(zone):%Y-%m}"].append((at, id))
    groups: dict[Kind, tuple[list[Seen], list[Seen]]] = defaultdict(lambda: ([], []))
    for month, theirs in months.items():
        for at, id in theirs:
            past = pasts.get(id)
            if past is not None and (seen := past.at(at, month, span)) is not None:
                groups[seen.kind][0].append(seen)
        middle = sorted(at for at, _ in theirs)[len(theirs) // 2]
        for id, past in pasts.items():
            if id not in begun or begun[id] > middle + span:
                seen = past.at(middle, month, span)
                if seen is not None and seen.kind in groups:
                    groups[seen.kind][1].append(seen)
    pending = len(lately) - len(ready)
    return Effects(
        horizon=horizon,
        first=first,
        measures=[
            told("risk", "points", groups.values(), len(ready), pending, horizon),
            told("revenue", currency, groups.values(), len(ready), pending, horizon),
        ],
    )


def told(
    measure: Any,
    unit: str,
    groups: Iterable[tuple[Sequence[Seen], Sequence[Seen]]],
    helped: int,
    pending: int,
    horizon: int,
) -> Effect:
    """What one measure says; pure. `helped` customers got one long enough ago."""
    pairs = [
        ([getattr(one, measure) for one in mine], [getattr(one, measure) for one in other]) for mine, other in groups
    ]
    strata = [Stratum(_changes(mine), _changes(other)) for mine, other in pairs]
    found, need = difference(strata), needed()
    matched = sum(len(one.helped) for one in usable(strata))
    base = Effect(
        measure=measure,
        label=_LABELS[measure],
        unit=unit,
        state="none" if found is None else "not_enough",
        words="",
        helped=matched,
        alike=0 if found is None else found.alike,
        need=need,
        pending=pending,
        unmatched=helped - matched,
        definition=DEFINITIONS[measure].format(horizon=horizon, currency=unit) + ALIKE,
    )
    waiting = f", {pending} pending" if pending else ""
    if found is None:
        return base.model_copy(update={"words": f"not enough data (have 0, need {need} of each){waiting}"})
    have = min(found.helped, found.alike)
    shown = _in_words(found, unit)
    words = (
        f"{shown}{waiting}"
        if have >= need
        else f"not enough data (have {have}, need {need} of each){waiting}; so far {shown}"
    )
    compared = [pair for pair, stratum in zip(pairs, strata, strict=True) if usable([stratum])]
    weights = [len(mine) / matched for mine, _ in compared]
    update: dict[str, Any] = {"words": words, "state": "known" if have >= need else "not_enough"}
    for at, moment in enumerate(("before", "after")):
        for group, name in enumerate(("helped", "alike")):
            means = [_mean([one[at] for one in pair[group]]) for pair in compared]
            update[f"{name}_{moment}"] = round(sum(w * m for w, m in zip(weights, means, strict=True)), 2)
    update |= {"difference": round(found.value, 2), "low": round(found.low, 2), "high": round(found.high, 2)}
    return base.model_copy(update=update)


def _changes(pairs: Iterable[tuple[float, float]]) -> list[float]:
    return [after - before for before, after in pairs]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _in_words(found: Difference, unit: str) -> str:
    return f"{found.value:+,.1f} {unit} (95 %: {found.low:+,.1f} to {found.high:+,.1f})"


def _read(work: Work, currency: str) -> dict[str, Past]:
    """The past of every customer, in a statement for each table. Amounts in major units of the business's currency."""
    own, connection = work.business_id, work.session.connection()
    customers, scores = table_of(Customer).c, table_of(RiskScore).c
    invoices, subscriptions = table_of(Invoice).c, table_of(Subscription).c
    rated: dict[str, tuple[list[datetime], list[tuple[int, str]]]] = defaultdict(lambda: ([], []))
    for id, at, score, level in connection.execute(
        select(scores.customer_id, scores.calculated_at, scores.score, scores.level)
        .where(scores.business_id == own)
        .order_by(scores.calculated_at, scores.id)
    ):
        rated[id][0].append(at)
        rated[id][1].append((score, level))
    paid: dict[str, tuple[list[datetime], list[float]]] = defaultdict(lambda: ([], []))
    amounts = ("customer_id", "paid_at", "amount_paid", "refunded", "disputed", "tax", "total")
    for id, at, amount, refunded, disputed, tax, total in connection.execute(
        select(*(invoices[name] for name in amounts))
        .where(invoices.business_id == own, invoices.status == "paid", invoices.paid_at.is_not(None))
        .where(invoices.customer_id.is_not(None), func.upper(invoices.currency) == currency)
        .order_by(invoices.paid_at)
    ):
        kept = amount - refunded - disputed
        paid[id][0].append(at)
        paid[id][1].append(float(to_major(kept - (round(kept * tax / total) if total else 0), currency)))
    bought: dict[str, list[tuple[datetime, datetime | None, str, float]]] = defaultdict(list)
    names = ("customer_id", "started_at", "ended_at", "interval", "interval_count", "amount", "currency")
    for id, start, end, interval, count, amount, priced in connection.execute(
        select(*(subscriptions[name] for name in names)).where(subscriptions.business_id == own)
    ):
        worth = float(monthly(amount, interval, count)) / 10 ** exponent(priced)
        bought[id].append((start, end, f"{count} {interval}", worth))
    return {
        id: Past(since, rated[id], (paid[id][0], list(accumulate(paid[id][1]))), bought[id])
        for id, since in connection.execute(
            select(customers.id, customers.created_at).where(
                customers.business_id == own, customers.erased_at.is_(None)
            )
        )
        if id in rated
    }
