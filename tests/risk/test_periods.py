"""Person-periods: what is known at an instant knows nothing of what came later, and labels are what came."""

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.risk.periods import FEATURES, Bill, Life, Paid, begin_of, known_at, months_of
from backend.risk.predicting import Prediction
from backend.signals.activity import DAY, Activity, month_of

NOW = begin_of(2026 * 12 + 5) + 12 * DAY
_AGO = st.integers(0, 400)
_TYPES = st.sampled_from(["login", "feature_used", "payment_failed", "support_negative", "billing_page_view"])


def _life(signals: list[tuple[str, int]], paid: list[Paid], bills: list[Bill]) -> Life:
    activity = Activity()
    for type, ago in signals:
        activity.take(type, None, None, NOW - ago * DAY)
    return Life("id", "asha", "GOLD", 3, activity, paid, bills)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(_TYPES, _AGO), max_size=60),
    st.integers(100, 400),
    st.one_of(st.none(), _AGO),
    st.lists(st.tuples(_AGO, st.one_of(st.none(), _AGO)), max_size=8),
    st.integers(0, 9),
)
def test_nothing_that_came_later_is_known(
    signals: list[tuple[str, int]], started: int, left: int | None, bills: list[tuple[int, int | None]], back: int
) -> None:
    at = begin_of(month_of(NOW // DAY) - back)
    days = (NOW - at) // DAY + 1

    def life(*, is_whole: bool) -> Life:
        told = [one for one in signals if is_whole or NOW - one[1] * DAY < at]
        # Signals of later make the months that are kept begin later: one of the latest day is in both.
        told.append(("session_end", 0))
        left_at = None if left is None else NOW - left * DAY
        if not is_whole and left_at is not None and left_at > at:
            left_at = None
        issued = []
        for made, paid in sorted(bills, key=lambda bill: -bill[0]):
            created, settled = NOW - made * DAY, None if paid is None else NOW - paid * DAY
            if is_whole or created <= at:
                issued.append(Bill(created, None, settled if is_whole or settled is None or settled <= at else None))
        return _life(told, [Paid(NOW - started * DAY, left_at, interval="month", price=499.0)], issued)

    assert days >= 0
    assert known_at(life(is_whole=True), at) == known_at(life(is_whole=False), at)


def test_labels_are_the_month_in_which_it_was_decided() -> None:
    this = month_of(NOW // DAY)
    left_at = begin_of(this - 3) + 4 * DAY
    for is_involuntary in (False, True):
        paid = Paid(NOW - 300 * DAY, left_at, is_involuntary, "month")
        life = _life([("login", 200)], [paid], [])
        labels = [(month - this, left) for month, _, left in months_of(life, NOW)]
        assert labels[-1] == (-3, "involuntary" if is_involuntary else "voluntary")
        assert {left for _, left in labels[:-1]} == {None}
        assert len(labels) > 4


def test_who_changes_the_plan_has_not_left() -> None:
    this = month_of(NOW // DAY)
    moved = begin_of(this - 2) + 5 * DAY
    life = _life([], [Paid(NOW - 300 * DAY, moved), Paid(moved, None)], [])
    assert {left for _, _, left in months_of(life, NOW)} == {None}


def test_leaving_by_choice_knows_nothing_of_dunning() -> None:
    voluntary = {one.name for one in FEATURES["voluntary"]}
    assert not voluntary & {"failed_payments", "unpaid", "paid_late"}
    assert {"failed_payments", "unpaid", "paid_late"} <= {one.name for one in FEATURES["involuntary"]}


def test_the_latest_thirty_days_are_told_the_same_in_the_midst_of_a_month() -> None:
    steady = _life([("feature_used", ago) for ago in range(120) for _ in range(3)], [Paid(NOW - 300 * DAY)], [])
    for at in (NOW, NOW - 5 * DAY, begin_of(month_of(NOW // DAY))):
        known = known_at(steady, at)
        assert known is not None
        assert 80 <= known["uses"] <= 100 or at == NOW - 5 * DAY
    known = known_at(steady, NOW)
    assert known is not None
    assert abs(known["use_change"]) < 10


def test_a_feature_that_speaks_for_both_ways_to_leave_is_told_once() -> None:
    causes = [
        {"feature": feature, "impact": impact}
        for feature, impact in (("a", 3), ("b", 2), ("a", 1), ("c", 0.5), ("d", 0.1))
    ]
    told = Prediction(_life([], [], []), 0, 0, 0, "low", {}, causes=causes)
    assert [(one["feature"], one["impact"]) for one in told.top] == [("a", 3), ("b", 2), ("c", 0.5)]
