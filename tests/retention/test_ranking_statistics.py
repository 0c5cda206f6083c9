"""Whether the ranking learns as fast as it should, and costs no more than it may while it does."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from backend.retention.ranking import reward, segments
from backend.retention.ranking.arms import Counts, Statistics
from backend.retention.ranking.beta import Beta, chances_to_be_best
from backend.retention.ranking.explain import explain
from backend.retention.ranking.policy import EXPLORING, GATE, distribution, rank
from tests.retention import market
from tests.retention.market import ARMS, GAP, GOOD_RULES, SEGMENTS, TRUTH, WRONG_RULES, Floats

RUNS = 60


@cache
def learned(policy: str) -> Floats:
    """The mean cumulative regret of a policy after each of 10,000 sessions that are learned from at once."""
    rng = np.random.default_rng(20)
    policies = {"thompson": market.thompson(rng, GOOD_RULES), "greedy": market.greedy(rng)}
    return market.regret(policies[policy], 10_000, RUNS, seed=7).mean(axis=1)


def of_rules(rules: market.Ints, sessions: int) -> float:
    return float(GAP[np.arange(len(rules)), rules].mean() * sessions)


def test_sampling_beats_chance_by_four_and_greed_by_two() -> None:
    assert learned("thompson")[-1] < 0.25 * GAP.mean() * 10_000
    assert learned("thompson")[-1] < 0.5 * learned("greedy")[-1]


def test_regret_grows_ever_slower() -> None:
    assert learned("thompson")[-1] / learned("thompson")[4_999] < 1.4
    assert learned("greedy")[-1] / learned("greedy")[4_999] > 1.8  # the same market punishes who does not try


def test_regret_grows_near_the_bound_of_lai_and_robbins() -> None:
    slope = (learned("thompson")[-1] - learned("thompson")[4_999]) / np.log(2)
    assert slope < 1.5 * market.lai_robbins()


@pytest.mark.parametrize(
    ("rules", "sessions", "night", "most"), [(GOOD_RULES, 1_000, 5, 1.5), (WRONG_RULES, 5_000, 20, 0.4)]
)
def test_the_gate_costs_a_good_operator_little_and_saves_a_wrong_one(
    rules: market.Ints, sessions: int, night: int, most: float
) -> None:
    policy = market.gated(np.random.default_rng(21), rules)
    regret = market.regret(policy, sessions, RUNS + 40, seed=7, night=night)[-1].mean()
    assert regret <= most * of_rules(rules, sessions)


def test_a_posterior_holds_the_truth_as_often_as_it_says() -> None:
    """Truths come from a reason's mean, customers of three kinds about it; what is tried is what sampling tries."""
    rng = np.random.default_rng(22)
    leaves = [f"unused/month/{band}" for band in ("new", "settled", "long")]
    arms = ("PAUSE:2", "DISCOUNT:20")
    inside = []
    for _ in range(RUNS):
        centre = rng.beta([3.0, 1.8], [7.0, 8.2])
        truth = rng.beta(8 * centre, 8 * (1 - centre), size=(3, 2))
        counts = {(leaf, arm): Counts() for leaf in leaves for arm in arms}
        for _ in range(12):
            known = Statistics(counts)
            for place, leaf in enumerate(leaves):
                beliefs = [known.known(leaf, arm, arm == arms[0]).belief for arm in arms]
                drawn = np.bincount(rng.choice(2, size=8, p=chances_to_be_best(tuple(beliefs))), minlength=2)
                won = rng.binomial(drawn, truth[place])
                for number, arm in enumerate(arms):
                    counts[leaf, arm] += Counts(won[number], drawn[number] - won[number], won[number])
        known = Statistics(counts)
        for place, leaf in enumerate(leaves):
            for number, arm in enumerate(arms):
                low, high = known.known(leaf, arm, arm == arms[0]).belief.interval(0.9)
                inside.append(low <= truth[place, number] <= high)
    assert 0.85 <= np.mean(inside) <= 0.95


def test_the_simulated_policy_is_the_product_s() -> None:
    """Random counts: the same beliefs, odds, favourite and chances as the numpy twin, and as draws by numpy."""
    rng = np.random.default_rng(23)
    played = rng.integers(0, 200, size=(12, *TRUTH.shape)).astype(float)
    wins = rng.binomial(played.astype(int), TRUTH).astype(float)
    a, b = market.beliefs(wins, played - wins, GOOD_RULES)
    odds, favourites = market.better_than(a, b, GOOD_RULES), market.favourites(a, b, GOOD_RULES)
    for run in range(len(wins)):
        counts = {
            (segment, arm): Counts(wins[run, s, k], played[run, s, k] - wins[run, s, k], 0.0)
            for s, segment in enumerate(SEGMENTS)
            for k, arm in enumerate(ARMS)
        }
        known = Statistics(counts)
        for s, segment in enumerate(SEGMENTS):
            order = [int(GOOD_RULES[s]), *(k for k in range(len(ARMS)) if k != GOOD_RULES[s])]
            beliefs = [known.known(segment, ARMS[k], k == GOOD_RULES[s]) for k in order]
            assert [one.belief.mean for one in beliefs] == pytest.approx((a / (a + b))[run, s, order])
            spread = distribution(beliefs)
            assert spread.better[1:] == pytest.approx(odds[run, s, order[1:]], abs=0.01)
            if np.abs(odds[run, s] - GATE).min() > 0.01:
                assert order[spread.favourite] == favourites[run, s]
            best = rng.beta(a[run, s, order], b[run, s, order], size=(20_000, len(ARMS))).argmax(axis=1)
            assert spread.chances == pytest.approx(np.bincount(best, minlength=len(ARMS)) / 20_000, abs=0.015)
            assert sum(spread.propensities) == pytest.approx(1)


def test_offers_come_first_as_often_as_the_log_says() -> None:
    counts = {("unused/month/new", arm): Counts(10 + place, 40, 10.0) for place, arm in enumerate(ARMS)}
    known, runs = Statistics(counts), 8_000
    first = dict.fromkeys(ARMS, 0)
    for run in range(runs):
        ranking = rank(known, "unused/month/new", ARMS, seed=f"run {run}")
        first[ranking.offers[0].arm] += 1
    logged = {offer.arm: offer.propensity for offer in ranking.offers}
    for arm, times in first.items():
        assert times / runs == pytest.approx(logged[arm], abs=4 * (0.25 / runs) ** 0.5)
    assert min(logged.values()) > 0
    assert max(logged.values()) > 1 - EXPLORING


def test_what_is_logged_replays_another_policy_without_bias() -> None:
    """Weighted by 1 / propensity, what the gate played tells what always making the second offer would have brought."""
    rng = np.random.default_rng(24)
    counts = {(SEGMENTS[0], arm): Counts(20 * share, 100 - 20 * share, 20 * share) for arm, share in zip(ARMS, (1, 1.4, 0.9, 1, 1.1), strict=True)}  # fmt: skip
    known, runs = Statistics(counts), 12_000
    seen = np.zeros(runs)
    for run in range(runs):
        first = rank(known, SEGMENTS[0], ARMS, seed=str(run)).offers[0]
        won = rng.random() < TRUTH[0, ARMS.index(first.arm)]
        seen[run] = won / first.propensity if first.arm == ARMS[2] else 0.0
    error = seen.std() / runs**0.5
    assert seen.mean() == pytest.approx(TRUTH[0, 2], abs=4 * error)
    assert error < 0.2


def test_only_eligible_offers_are_ever_ranked() -> None:
    rng = np.random.default_rng(25)
    counts = {(segment, arm): Counts(30.0, 10.0, 30.0) for segment in SEGMENTS for arm in ARMS[1:]}
    known = Statistics(counts)
    for run in range(2_000):
        open_to = [arm for arm in ARMS if rng.random() < 0.5]
        ranking = rank(known, SEGMENTS[run % 4], open_to, seed=str(run), is_learning=run % 5 > 0)
        assert sorted(offer.arm for offer in ranking.offers) == sorted(open_to)


def test_chances_are_exact() -> None:
    """Against numbers that can be worked out by hand: P(Beta(1,1) > Beta(1,1)) and P(Beta(2,1) > Beta(1,2)) = 5/6."""
    assert chances_to_be_best((Beta(1, 1),) * 4) == pytest.approx((0.25,) * 4, abs=1e-6)
    assert chances_to_be_best((Beta(2, 1), Beta(1, 2)))[0] == pytest.approx(5 / 6, abs=0.002)


NUMBERS = some.one_of(some.just(0.0), some.integers(1, 50).map(float), some.floats(1e6, 1e12))


@settings(max_examples=30, deadline=None)
@given(
    some.dictionaries(
        some.tuples(some.sampled_from(SEGMENTS[:2]), some.sampled_from(ARMS)), some.tuples(NUMBERS, NUMBERS)
    ),
    some.lists(some.sampled_from(ARMS), unique=True),
    some.booleans(),
    some.text(),
)
def test_any_counts_give_an_order_and_a_reason(
    seen: dict[tuple[str, str], tuple[float, float]], arms: list[str], is_learning: bool, seed: str
) -> None:
    known = Statistics({key: Counts(wins, losses, wins) for key, (wins, losses) in seen.items()})
    ranking = rank(known, SEGMENTS[0], arms, seed, is_learning)
    assert ranking == rank(known, SEGMENTS[0], arms, seed, is_learning)
    assert (
        [offer.arm for offer in ranking.offers[1:]] == [arm for arm in arms if arm != ranking.offers[0].arm]
        if arms
        else ranking.offers == ()
    )
    assert sum(offer.propensity for offer in ranking.offers) == pytest.approx(1 if arms else 0)
    if not is_learning or len(arms) < 2:
        assert ranking.why == "rules"
    assert explain(ranking).endswith(".")


def test_words_name_both_offers_and_the_odds() -> None:
    counts = {("too_expensive/month/new", "PAUSE:2"): Counts(26, 15, 25.4), ("too_expensive/month/new", "DISCOUNT:20"): Counts(37, 40, 37.0)}  # fmt: skip
    ranking = rank(Statistics(counts), "too_expensive/month/new", ["DISCOUNT:20", "PAUSE:2"], "b")
    assert explain(ranking) == (
        "Pause of 2 months first: in 41 like cases 62 % of the list price was still paid after 90 days; the discount of 20 % "
        "48 % in 77; your rule puts the discount of 20 % first, the odds that the pause of 2 months is better are "
        f"{ranking.offers[0].better_than_rule:.2f}."
    )


def test_few_outcomes_borrow_from_customers_with_the_same_reason_alone() -> None:
    counts = {
        ("unused/month/new", "PAUSE:2"): Counts(2, 3, 2.0),
        ("unused/month/long", "PAUSE:2"): Counts(90, 10, 90.0),
        ("too_expensive/month/new", "PAUSE:2"): Counts(0, 1_000, 0.0),
    }
    known = Statistics(counts).known("unused/month/new", "PAUSE:2", is_rule=True)
    lender = (0.30 * 10 + 90) / (10 + 100)
    assert known.borrowed_from == "unused/month"
    assert (known.belief.wins, known.belief.losses) == pytest.approx((8 * lender + 2, 8 * (1 - lender) + 3))
    alone = Statistics(counts).known("switched_service/month/new", "PAUSE:2", is_rule=False)
    assert (alone.belief, alone.borrowed_from) == (Beta.of(0.18, 10), None)


def test_a_reward_rounded_by_chance_is_right_on_average_and_the_same_again() -> None:
    wins = [reward.is_win(0.37, f"run {number}") for number in range(20_000)]
    assert np.mean(wins) == pytest.approx(0.37, abs=0.014)
    assert wins[:50] == [reward.is_win(0.37, f"run {number}") for number in range(50)]
    assert [reward.reward_of(*paid) for paid in ((0, 0), (-5, 10), (5, 10), (10**15, 10))] == [0, 0, 0.5, 1]
    shares = [reward.estimate_at_30_days(share, False) for share in (0.0, 0.1, 0.4, 0.6, 0.9, 1.0)]
    assert shares == sorted(set(shares))
    assert reward.estimate_at_7_days(True) < reward.estimate_at_7_days(False)


def test_customers_are_alike_by_reason_interval_and_tenure() -> None:
    assert [segments.segment_of("unused", "month", months) for months in (0, 2.9, 3, 11.9, 12)] == [
        f"unused/month/{band}" for band in ("new", "new", "settled", "settled", "long")
    ]
    assert segments.levels_of("unused/month/new") == ["unused/month/new", "unused/month", "unused"]
    assert (
        segments.in_words("unused/year/long", {"unused": "I don't use it"})
        == "I don't use it, yearly plan, here for a year or more"
    )
