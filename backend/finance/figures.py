"""The six metrics, each by its formula alone. Money is minor units in and out; shares are from 0 to 1.

    revenue_total             sum of what was captured of successful charges in the period
    revenue_volatility        s / m of the revenue of equally long spans that end where the period ends: m their mean,
                              s their sample standard deviation (n - 1); unknown with fewer than two spans or m = 0
    chargeback_ratio          chargebacks opened in the period / successful charges in it; a dispute that was won, was
                              prevented or is an inquiry is no chargeback; unknown without charges
    payout_reliability        payouts that arrived on the day that Stripe had named or before / payouts that were due in
                              the period; one that failed, even later, did not arrive; unknown without any
    average_transaction_size  revenue_total / transaction_count, to the nearest minor unit; unknown without charges
    transaction_count         successful charges in the period

Each is of one currency: nothing is converted. Source: the metrics service of the backend services document, with the
edges settled here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from backend.billing.takings import PaidOut, Takings

DEFINITIONS = {
    "revenueTotal": "What was captured of successful charges created in the period. Refunds and disputes are not taken off;"
    " `revenueNet` takes off what was refunded and charged back in the period, whenever the charge was.",
    "revenueVolatility": "Standard deviation over mean (n - 1) of the revenue of equally long spans that end where the period"
    " ends. Unknown with fewer than two spans, or without revenue.",
    "chargebackRatio": "Disputes opened in the period that are open or lost, over successful charges in the period. One that is"
    " won counts no more. Unknown without charges.",
    "payoutReliability": "Payouts paid by the end of the day that Stripe named, over payouts due in the period. One that fails,"
    " even after it was paid, is not on time; cancelled ones are not counted. Unknown without payouts.",
    "averageTransactionSize": "revenueTotal over transactionCount. Unknown without charges.",
    "transactionCount": "Successful charges created in the period.",
}
"""As the API tells them."""


@dataclass(frozen=True)
class Figures:
    """The metrics of one currency. `revenue_before` is the total of the period before, None when nothing is known of it.

    `refund_total` was given back and `revenue_net` is left of the revenue, both by the day on which money moved.
    """

    currency: str
    revenue_total: int
    revenue_volatility: float | None
    chargeback_ratio: float | None
    payout_reliability: float | None
    average_transaction_size: int | None
    transaction_count: int
    refund_total: int
    revenue_net: int
    revenue_before: int | None
    failed_count: int
    chargeback_count: int
    payout_count: int


def figures(currency: str, taken: Takings, spans: Sequence[int], paid_out: PaidOut, before: int | None) -> Figures:
    """The metrics of a period: its sums, the revenue of its spans, its payouts, and the revenue of the period before."""
    return Figures(
        currency=currency,
        revenue_total=taken.captured,
        revenue_volatility=volatility(spans),
        chargeback_ratio=share(taken.chargebacks, taken.charges),
        payout_reliability=share(paid_out.on_time, paid_out.due),
        average_transaction_size=average(taken.captured, taken.charges),
        transaction_count=taken.charges,
        refund_total=taken.refunded,
        revenue_net=taken.captured - taken.refunded - taken.charged_back,
        revenue_before=before,
        failed_count=taken.failed,
        chargeback_count=taken.chargebacks,
        payout_count=paid_out.due,
    )


def volatility(amounts: Sequence[int]) -> float | None:
    """The coefficient of variation: sample standard deviation (n - 1) over mean. None below two amounts, or mean 0.

    The ratio is exact until its root is drawn, so that amounts on an edge are on it.
    """
    if len(amounts) < 2 or not (total := sum(amounts)):
        return None
    mean = Fraction(total, len(amounts))
    variance = sum(((amount - mean) ** 2 for amount in amounts), Fraction(0)) / (len(amounts) - 1)
    return sqrt(variance / mean**2)


def share(part: int, whole: int) -> float | None:
    """A part of a whole; None of nothing."""
    return part / whole if whole else None


def average(total: int, count: int) -> int | None:
    """To the nearest minor unit, half of one up; None of nothing."""
    return (2 * total + count) // (2 * count) if count else None
