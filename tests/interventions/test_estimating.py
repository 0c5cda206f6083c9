"""The difference against an independent computation, and whether its interval holds the truth as often as it says."""

import numpy as np
import pytest
from scipy import stats

from backend.interventions.effect import Seen, Side, band_of, told
from backend.interventions.estimating import Stratum, difference, needed, usable


def independent(strata: list[Stratum]) -> tuple[float, float, float]:
    """The same by matrices: a regression with a mean for each group of each stratum, unequal variances (HC-like)."""
    groups = [np.asarray(group) for one in strata for group in (one.helped, one.alike)]
    total = sum(len(one.helped) for one in strata)
    contrast = np.array([sign * len(one.helped) / total for one in strata for sign in (1, -1)])
    means = np.array([group.mean() for group in groups])
    errors = np.array([group.var(ddof=1) / len(group) for group in groups])
    variance = contrast**2 @ errors
    freedom = variance**2 / ((contrast**2 * errors) ** 2 @ np.array([1 / (len(group) - 1) for group in groups]))
    spread = stats.t.ppf(0.975, freedom) * np.sqrt(variance)
    value = float(contrast @ means)
    return value, value - spread, value + spread


def drawn(rng: np.random.Generator, sizes: list[tuple[int, int]], shift: float) -> list[Stratum]:
    """Strata of different means and spreads; what the helped get more is `shift`. Heavy tails to one side."""
    strata = []
    for place, (helped, alike) in enumerate(sizes):
        centre, spread = 10.0 * place, 4.0 + 3.0 * place
        more = rng.gamma(2.0, spread, helped) - 2.0 * spread
        rest = rng.gamma(2.0, spread, alike) - 2.0 * spread
        strata.append(Stratum(list(centre + shift + more), list(centre + rest)))
    return strata


def test_one_stratum_is_welchs_interval() -> None:
    (one,) = drawn(np.random.default_rng(1), [(17, 40)], -3)
    found = difference([one])
    welch = stats.ttest_ind(one.helped, one.alike, equal_var=False).confidence_interval(0.95)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((welch.low, welch.high), rel=1e-3)


def test_many_strata_are_the_weighted_sum() -> None:
    strata = drawn(np.random.default_rng(2), [(12, 30), (40, 9), (5, 60)], 2)
    found = difference(strata)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx(independent(strata), rel=2e-3)
    assert (found.helped, found.alike) == (57, 99)


def test_what_cannot_be_compared_is_left_out() -> None:
    enough = Stratum([1.0, 2.0], [3.0, 5.0])
    lonely = [Stratum([1.0], [2.0, 3.0]), Stratum([1.0, 2.0], []), Stratum([], [1.0, 2.0])]
    assert usable([*lonely, enough]) == [enough]
    assert difference(lonely) is None is difference([])
    assert difference([*lonely, enough]) == difference([enough])
    flat = difference([Stratum([2.0, 2.0], [1.0, 1.0])])
    assert flat is not None
    assert (flat.value, flat.low, flat.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("shift", [0.0, -6.0])
def test_the_interval_holds_the_truth_as_often_as_it_says(shift: float) -> None:
    rng = np.random.default_rng(3)
    sizes, rounds = [(25, 60), (40, 30), (15, 90)], 1_500
    held, values = 0, []
    for _ in range(rounds):
        found = difference(drawn(rng, sizes, shift))
        assert found is not None
        held += found.low <= shift <= found.high
        values.append(found.value)
    assert 0.93 <= held / rounds <= 0.97
    error = np.std(values) / np.sqrt(rounds)
    assert abs(np.mean(values) - shift) < 4 * error, "without bias"


def test_so_many_show_half_a_standard_deviation() -> None:
    each, rng = needed(), np.random.default_rng(4)
    assert each == 63
    helped, alike = rng.normal(0.5, 1, (4_000, each)), rng.normal(0, 1, (4_000, each))
    seen = np.mean(stats.ttest_ind(helped, alike, axis=1).pvalue < 0.05)
    assert 0.78 <= seen <= 0.83


def test_bands_reach_to_four_times_where_they_begin() -> None:
    assert [band_of(worth) for worth in (0, 0.99, 1, 3.99, 4, 15.9, 16, 63, 64)] == [0, 0, 1, 1, 2, 2, 3, 3, 4]


def test_what_is_said_depends_on_how_many_there_are() -> None:
    kind = ("2026-03", "high", "1 month", 3)

    def seen(after: float) -> Seen:
        return Seen(kind, (80.0, 80.0 + after), (100.0, 100.0 + after))

    few = told("risk", "points", [(Side([seen(-30), seen(-20)]), Side([seen(-5), seen(-1), seen(0)]))], 5, 2, 30)
    assert (few.state, few.helped, few.alike, few.unmatched, few.pending) == ("not_enough", 2, 3, 3, 2)
    assert few.words.startswith("not enough data (have 2, need 63 of each), 2 pending; so far -23.0 points (95 %: ")
    assert (few.helped_before, few.helped_after, few.alike_before, few.alike_after) == (80.0, 55.0, 80.0, 78.0)
    many = told("revenue", "INR", [(Side([seen(-30), seen(-20)] * 40), Side([seen(-5), seen(-1)] * 40))], 80, 0, 90)
    assert (many.state, many.difference) == ("known", -22.0)
    assert many.low is not None is not many.high
    assert many.words == f"-22.0 INR (95 %: {many.low:+.1f} to {many.high:+.1f})"
    assert all(part in many.definition for part in ("90 days", "INR", "no experiment"))
    none = told("risk", "points", [(Side([seen(1)]), Side())], 1, 0, 30)
    assert (none.state, none.difference, none.unmatched) == ("none", None, 1)
    assert none.words == "not enough data (have 0, need 63 of each)"
