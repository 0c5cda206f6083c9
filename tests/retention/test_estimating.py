"""Whether the estimates are right as often as they say, and silent when they cannot know."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from backend.retention import holdout
from backend.retention.estimating import power
from backend.retention.estimating.costs import costs
from backend.retention.estimating.lift import Lift, Stratum, bootstrapped, cap_of, lift, moments
from backend.retention.estimating.peeking import always_valid
from backend.retention.estimating.schedule import share_after
from backend.retention.estimating.survival import Life, curve, worth

Floats = np.ndarray
PRICE = 50.0
SIGMA = 0.8
TRUE_LIFT = 0.10 * 3 * PRICE * np.exp(SIGMA**2 / 2) * 0.85


def month(rng: np.random.Generator, customers: int, share: float) -> Stratum:
    """People who want to leave, of whom 15 % stay by themselves and 25 % when offered something: list prices vary by a
    lognormal, and who stays pays three months, two or one."""
    held = rng.random(customers) < share
    stay = rng.random(customers) < np.where(held, 0.15, 0.25)
    paid = (
        3
        * rng.lognormal(np.log(PRICE), SIGMA, customers)
        * rng.choice([1, 2 / 3, 1 / 3], customers, p=[0.7, 0.15, 0.15])
    )
    net = np.where(stay, paid, 0.0)
    return Stratum(net[~held].tolist(), net[held].tolist())


def test_the_lift_is_unbiased_and_its_interval_covers_it_in_500_months(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.retention.estimating.lift._REPLICATES", 600)
    rng, found, covered = np.random.default_rng(31), [], 0
    for number in range(500):
        sample = [month(rng, 700, 0.2)]
        estimate = lift(sample)
        assert estimate is not None
        interval = bootstrapped(sample, estimate, seed=number)
        found.append(estimate.per_customer)
        covered += interval.low <= TRUE_LIFT <= interval.high
    error = np.std(found) / 500**0.5
    # What counts ends at the 99th percentile of payers, which costs some 3 % of a heavy tail, on the safe side.
    assert -0.05 * TRUE_LIFT - 3 * error < np.mean(found) - TRUE_LIFT < 3 * error
    assert 0.93 <= covered / 500 <= 0.97


def test_looking_after_every_customer_misleads_in_less_than_5_percent_of_the_histories() -> None:
    """4,000 customers, looked at after each once 20 of each group have paid; one look's interval fails a third."""
    rng, missed, fooled = np.random.default_rng(32), 0, 0
    runs = 300
    factors = np.array([half_width(customers) for customers in range(1, 4_001)])
    for _ in range(runs):
        held = rng.random(4_000) < 0.2
        net = np.where(rng.random(4_000) < 0.2, 3 * rng.lognormal(np.log(PRICE), SIGMA, 4_000), 0.0)  # no lift at all
        n, total, square, payers = (
            np.stack([np.cumsum(np.where(held == group, of, 0.0)) for group in (False, True)])
            for of in (np.ones(4_000), net, net**2, net > 0)
        )
        with np.errstate(all="ignore"):
            mean = total / n
            error = np.sqrt(((square / n - mean**2) / (n - 1)).sum(axis=0))
        looks = np.flatnonzero(payers.min(axis=0) >= 20)
        difference = mean[0] - mean[1]
        missed += bool((np.abs(difference[looks]) > (factors * error)[looks]).any())
        fooled += bool((np.abs(difference[looks]) > 1.96 * error[looks]).any())
    assert missed / runs <= 0.05
    assert fooled / runs > 0.15


def half_width(customers: int) -> float:
    """In standard errors."""
    interval = always_valid(Lift(customers, 0, 0.0, 1.0, payers=20, cap=1.0))
    assert interval is not None
    return interval.high


def test_the_always_valid_interval_is_less_than_two_thirds_wider_at_the_first_decision() -> None:
    assert 1.2 < half_width(700) / 1.96 < 5 / 3
    assert always_valid(Lift(560, 140, 5.0, 1.0, payers=19, cap=1.0)) is None


def test_groups_drawn_with_other_shares_are_not_mixed() -> None:
    """Prices doubled between 20 % and 10 % holdout: pooled means would find a lift where there is none."""
    early, late = Stratum([10.0, 0.0] * 400, [10.0, 0.0] * 100), Stratum([20.0, 0.0] * 450, [20.0, 0.0] * 50)
    estimate = lift([early, late])
    assert estimate is not None
    assert estimate.per_customer == pytest.approx(0)
    assert (estimate.treated, estimate.holdout) == (1_700, 300)
    pooled = lift([Stratum([*early.treated, *late.treated], [*early.holdout, *late.holdout])])
    assert pooled is not None
    assert pooled.per_customer > 0.5


AMOUNTS = some.lists(some.one_of(some.just(0), some.integers(-(10**6), 10**15)), max_size=40)


@settings(max_examples=150, deadline=None)
@given(some.lists(some.tuples(AMOUNTS, AMOUNTS), max_size=4))
def test_any_amounts_have_an_estimate_or_none(groups: list[tuple[list[int], list[int]]]) -> None:
    strata = [Stratum(*pair) for pair in groups]
    estimate = lift(strata)
    assert (estimate is None) == all(min(len(one.treated), len(one.holdout)) < 2 for one in strata)
    if estimate is None:
        return
    assert np.isfinite([estimate.per_customer, estimate.error, estimate.total]).all()
    usable = [one for one in strata if min(len(one.treated), len(one.holdout)) >= 2]
    cap = max(np.quantile([x for one in usable for x in (*one.treated, *one.holdout) if x > 0] or [0], 0.99), 0)
    assert estimate.cap == pytest.approx(cap, rel=1e-9)
    means = [np.minimum(one.treated, cap).mean() - np.minimum(one.holdout, cap).mean() for one in usable]
    weights = [len(one.treated) for one in usable]
    scale = max(cap, 10**6)
    assert estimate.per_customer == pytest.approx(np.average(means, weights=weights), rel=1e-6, abs=1e-9 * scale)
    variance = sum(
        (w / sum(weights)) ** 2
        * (np.minimum(one.treated, cap).var(ddof=1) / w + np.minimum(one.holdout, cap).var(ddof=1) / len(one.holdout))
        for w, one in zip(weights, usable, strict=True)
    )
    assert estimate.error == pytest.approx(variance**0.5, rel=1e-6, abs=1e-9 * scale)


def test_without_variance_or_payers_the_interval_is_a_point() -> None:
    for paid in (0.0, 5.0, 1e15):
        sample = [Stratum([paid] * 30, [paid] * 10)]
        estimate = lift(sample)
        assert estimate is not None
        interval = bootstrapped(sample, estimate)
        assert (interval.low, interval.high, interval.excludes_zero) == (0.0, 0.0, False)
    assert cap_of([]) == 0
    assert moments([], 5.0).n == 0


def test_what_it_takes_is_what_the_formula_says() -> None:
    published = {(0.1, 0.10): 1164, (0.2, 0.10): 684, (0.5, 0.10): 494, (0.1, 0.05): 4561, (0.2, 0.05): 2629}
    for (share, rise), customers in published.items():
        assert power.needed(share, rise) == pytest.approx(customers, abs=1)
    assert power.in_words(41, 0.2) == "not enough data (have 41, need 685)"
    assert power.is_enough(685, 0.2)
    for share, rise in ((0.0, 0.1), (1.0, 0.1), (0.2, 0.0), (0.2, 0.9)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            power.needed(share, rise)


def test_the_stated_power_is_had() -> None:
    """Half as often as 1 - power is a difference of +10 points overlooked with as many as are asked for."""
    rng, need = np.random.default_rng(33), power.needed(0.2)
    held = round(need * 0.2)
    stayed = rng.binomial(need - held, 0.25, 4_000) / (need - held), rng.binomial(held, 0.15, 4_000) / held
    error = np.sqrt(stayed[0] * (1 - stayed[0]) / (need - held) + stayed[1] * (1 - stayed[1]) / held)
    assert (np.abs(stayed[0] - stayed[1]) > 1.96 * error).mean() == pytest.approx(0.80, abs=0.03)


LIVES = some.lists(some.builds(Life, some.integers(0, 15), some.booleans()), max_size=30)


@settings(max_examples=150, deadline=None)
@given(LIVES)
def test_survival_falls_and_ends_where_nobody_was_seen(lives: list[Life]) -> None:
    shares = curve(lives)
    assert all(0 <= later <= earlier <= 1 for earlier, later in zip((1.0, *shares), shares, strict=False))
    assert len(shares) <= 12
    furthest = max((life.months + life.has_left for life in lives), default=0)
    assert len(shares) == min(furthest, 12)
    if all(life.has_left for life in lives):  # nobody is censored: the plain shares
        assert shares == pytest.approx(
            [np.mean([life.months >= at for life in lives]) for at in range(1, len(shares) + 1)]
        )


def test_savings_are_worth_what_the_saved_pay_themselves() -> None:
    """Two paid one month and left, one paid three and left, two are in their second: 5 -> 3 of 5, then 3 of 3, 1 of 1."""
    lives = [Life(1, True), Life(1, True), Life(3, True), Life(2, False), Life(2, False)]
    assert curve(lives) == pytest.approx((1.0, 0.6, 0.6, 0.0))
    value = worth(lives, 100.0)
    assert value is not None
    assert (value.value, value.months, value.saved) == (pytest.approx(220.0), 4, 5)
    assert worth([], 100.0) is None


def test_costs_name_what_went_to_people_who_would_have_stayed() -> None:
    assert costs(1_000, 300, 0.15, 0.25).cannibalised == pytest.approx(600)
    assert costs(1_000, 300, 0.30, 0.25).cannibalised == 1_000
    assert costs(1_000, 300, None, 0.25).cannibalised == 0


def test_the_holdout_is_a_share_of_customers_and_each_business_has_its_own() -> None:
    places = np.array([[holdout.draw(business, str(n), "salt") for n in range(20_000)] for business in ("a", "b")])
    assert (places < 0.2).mean(axis=1) == pytest.approx([0.2, 0.2], abs=0.012)
    assert np.corrcoef(places)[0, 1] == pytest.approx(0, abs=0.03)
    assert holdout.draw("a", "1", "salt") == places[0, 1] != holdout.draw("a", "1", "pepper")


def test_the_share_shrinks_by_the_schedule_and_never_grows() -> None:
    assert [share_after(n, False) for n in (0, 699, 700, 1_399, 1_400)] == [0.2, 0.2, 0.1, 0.1, 0.05]
    assert share_after(100, True) == 0.1
    assert share_after(100, False, before=0.1) == 0.1
    assert share_after(1_500, True, before=0.1) == 0.05
