"""How fast offers are put in order, against Thompson sampling at its barest: a draw for each offer, the greatest first."""

import random
from collections.abc import Callable
from time import perf_counter
from typing import Any

from backend.retention.ranking.arms import Counts, Statistics
from backend.retention.ranking.beta import chances_against_first, chances_to_be_best
from backend.retention.ranking.policy import rank

KEPT_TARGET = 0.05
"""Of the floor, for segments whose counts are those of last night: it also tells beliefs, odds, propensities and why."""

NEW_TARGET = 1.0
"""Times what a thousand draws take, which is how the chances are estimated when they are not worked out."""

ARMS = ("PAUSE:2", "DOWNGRADE", "DISCOUNT:20", "TRIAL_EXTENSION:14", "DISCOUNT:10")
SEGMENTS = tuple(f"reason_{number}/month/{band}" for number in range(8) for band in ("new", "settled", "long"))
DRAWS = 1_000


def bench_retention() -> list[dict[str, Any]]:
    """The rows."""
    chance = random.Random(5)
    counts = {(segment, arm): _counts(chance) for segment in SEGMENTS for arm in ARMS}
    known = Statistics(counts)
    beliefs = {segment: [known.known(segment, arm, not n).belief for n, arm in enumerate(ARMS)] for segment in SEGMENTS}
    for segment in SEGMENTS:
        rank(known, segment, ARMS, segment)
    kept = _a_second(lambda number: rank(known, SEGMENTS[number % len(SEGMENTS)], ARMS, str(number)), 3_000)

    def draw(number: int) -> str:
        of = beliefs[SEGMENTS[number % len(SEGMENTS)]]
        return max(zip((chance.betavariate(one.wins, one.losses) for one in of), ARMS, strict=True))[1]

    bare = _a_second(draw, 10_000)

    def anew(number: int) -> None:
        chances_to_be_best.cache_clear()
        chances_against_first.cache_clear()
        rank(known, SEGMENTS[number % len(SEGMENTS)], ARMS, str(number))

    new = _a_second(anew, 100)
    drawn = _a_second(lambda number: [draw(number) for _ in range(DRAWS)], 20)
    return [
        _row("retention: offers ranked, counts of last night", kept, bare, KEPT_TARGET, "bare sampling"),
        _row("retention: offers ranked, counts new", new, drawn, NEW_TARGET, "1,000 draws"),
    ]


def _counts(chance: random.Random) -> Counts:
    wins, losses = chance.randint(0, 60), chance.randint(0, 200)
    return Counts(wins, losses, wins)


def _a_second(act: Callable[[int], object], times: int) -> float:
    """The least disturbed of three rounds."""
    rounds = []
    for _ in range(3):
        began = perf_counter()
        for number in range(times):
            act(number)
        rounds.append(times / (perf_counter() - began))
    return max(rounds)


def _row(name: str, value: float, floor: float, target: float, of: str) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value),
        "unit": "a second",
        "floor": f"{of} ({floor:,.0f})",
        "ratio": round(value / floor, 3),
        "target": target,
        "ok": value / floor >= target,
    }
