"""What is known of an offer: outcomes by segment, and the belief that follows from them.

An arm is an offer with its depth, written `DISCOUNT:20`. With fewer than 30 outcomes a segment borrows from the one that
holds it, as much as 8 outcomes would weigh (empirical Bayes): what the rest of the larger one saw, for its own must not
count twice. Nothing is borrowed across reasons: that undid what a good operator knows, at twice the regret of their own
order. Where there is nothing to borrow from, the operator's order is the prior.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.retention.ranking.beta import Beta
from backend.retention.ranking.segments import levels_of

PRIOR_OF_RULE = 0.30
PRIOR_OF_OTHERS = 0.18
PRIOR_STRENGTH = 10.0
ENOUGH = 30
BORROWED_STRENGTH = 8.0


GATE = 0.6
EXPLORING = 0.15


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an admin may set of the learning; as it is shipped."""

    gate: float = GATE
    explore: float = EXPLORING
    prior_rule: float = PRIOR_OF_RULE
    prior_other: float = PRIOR_OF_OTHERS
    prior_strength: float = PRIOR_STRENGTH
    enough: float = ENOUGH
    borrowed_strength: float = BORROWED_STRENGTH


AS_SHIPPED = Numbers()


@dataclass(frozen=True, slots=True)
class Counts:
    """Outcomes of one arm: how many rewards were rounded up and down, and the sum of the rewards themselves."""

    wins: float = 0.0
    losses: float = 0.0
    value: float = 0.0

    @property
    def n(self) -> float:
        return self.wins + self.losses

    @property
    def paid(self) -> float | None:
        """The mean share of the list price that was paid; None without outcomes."""
        return self.value / self.n if self.n else None

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.wins + other.wins, self.losses + other.losses, self.value + other.value)

    def __sub__(self, other: "Counts") -> "Counts":
        """What is left of them without the other's, never below nothing."""
        left = (max(one - two, 0.0) for one, two in zip(self._parts(), other._parts(), strict=True))
        return Counts(*left)

    def _parts(self) -> tuple[float, float, float]:
        return self.wins, self.losses, self.value


@dataclass(frozen=True, slots=True)
class Known:
    """The belief about an arm in a segment, and where it comes from."""

    belief: Beta
    counts: Counts
    """Of the segment itself."""
    borrowed_from: str | None
    """The segment that lent its mean; None when its own outcomes were enough or nobody had any."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """All outcomes by (segment, arm), summed up for the larger segments when they are asked for."""

    counts: Mapping[tuple[str, str], Counts]
    numbers: Numbers = AS_SHIPPED
    _summed: dict[tuple[str, str], Counts] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for (segment, arm), counts in self.counts.items():
            for level in levels_of(segment):
                self._summed[level, arm] = self._summed.get((level, arm), Counts()) + counts

    def of(self, segment: str, arm: str) -> Counts:
        """Of everybody in the segment, however narrow."""
        return self._summed.get((segment, arm), Counts())

    def known(self, segment: str, arm: str, is_rule: bool) -> Known:
        """What is believed of the arm there; `is_rule` when the operator would make this offer first."""
        own = self.of(segment, arm)
        belief, lender = self._believed(
            levels_of(segment), arm, self.numbers.prior_rule if is_rule else self.numbers.prior_other, Counts()
        )
        return Known(belief, own, lender)

    def _believed(self, levels: list[str], arm: str, prior: float, elsewhere: Counts) -> tuple[Beta, str | None]:
        """Of the first level, by what was not counted `elsewhere` (in the narrower level that asks); and who lent."""
        mine = self.of(levels[0], arm)
        seen = mine - elsewhere
        if seen.n < self.numbers.enough:
            for place, wider in enumerate(levels[1:], 1):
                if (self.of(wider, arm) - mine).n:
                    mean = self._believed(levels[place:], arm, prior, mine)[0].mean
                    return Beta.of(mean, self.numbers.borrowed_strength).seen(seen.wins, seen.losses), wider
        return Beta.of(prior, self.numbers.prior_strength).seen(seen.wins, seen.losses), None
