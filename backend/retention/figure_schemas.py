"""Wire types of what Retention brought. Each number stands beside what it means and how sure it is."""

from typing import Literal

from backend.core.wire import UtcInstant, Wire

Unit = Literal["count", "share", "money", "months"]
State = Literal["known", "pending", "not_enough", "none"]


class Range(Wire):
    """95 %: `low` and `high` in the figure's unit."""

    low: float
    high: float


class Figure(Wire):
    """A number. `state`: known, pending (no cohort is old enough), not_enough (have/need tell) or none (nothing to count).

    `value` is there when anything can be said at all, also with too little data; `words` says it with all that belongs to it.
    """

    name: str
    label: str
    unit: Unit
    value: float | None
    state: State
    definition: str
    words: str
    interval: Range | None = None
    """By bootstrap, for one look at it."""
    always: Range | None = None
    """Stays valid however often it is looked at."""
    have: int | None = None
    need: int | None = None
    pending: int = 0
    """Runs that are too young to be in it."""


class Told(Wire):
    """What every answer says: which runs it is about. Money is in major units of `currency`."""

    days: int
    horizon: int
    start: UtcInstant
    zone: str
    currency: str
    other_currencies: int
    """Runs in other currencies, which are in none of the numbers of money."""
    as_of: UtcInstant
    runs: int
    """Definitive ones: of a subscription's runs within 14 days the last one counts."""
    mature: int
    """Of those, as old as the horizon."""
    has_holdout: bool


class Summary(Told):
    figures: list[Figure]


class RevenueDay(Wire):
    """Runs that began on a local day."""

    day: str
    saved: int
    gross: float
    """NOT incremental. Of saved runs that are as old as the horizon."""
    pending: int
    """Saved runs that are too young."""


class SavedRevenue(Told):
    figures: list[Figure]
    series: list[RevenueDay]


class UsersDay(Wire):
    day: str
    attempts: int
    saved: int
    cancelled: int
    abandoned: int


class SavedUsers(Told):
    figures: list[Figure]
    series: list[UsersDay]


class OfferLine(Wire):
    """One offer, by type and depth."""

    offer: str
    words: str
    shown: int
    accepted: int
    acceptance: float | None
    first: int
    """Runs in which it came first, of those that are as old as the horizon."""
    paid_share: float | None
    """Of the list price of these runs, paid in the horizon: what the ranking goes by."""
    gross: float
    discount: float
    pause_cost: float


class Offers(Told):
    items: list[OfferLine]
    definitions: dict[str, str]


class ReasonLine(Wire):
    reason: str
    """`none` when none was told."""
    label: str
    attempts: int
    saved: int
    cancelled: int
    save_rate: float | None
    monthly_lost: float
    follow_ups: dict[str, int]


class Reasons(Told):
    items: list[ReasonLine]
    definitions: dict[str, str]


class RankedArm(Wire):
    """An offer in a segment: what came of it, what is believed, and how likely it is to come first."""

    offer: str
    words: str
    is_rule: bool
    outcomes: float
    paid_share: float | None
    mean: float
    low: float
    high: float
    """`low` to `high`: where it lies with 90 %."""
    better_than_rule: float | None
    propensity: float
    borrowed_from: str | None


class SegmentRanking(Wire):
    segment: str
    words: str
    runs: int
    arms: list[RankedArm]
    why: str


class FlowRanking(Told):
    """How a flow does, and how its offers are ranked for each kind of customer who met it."""

    flow_id: str
    flow_name: str
    is_learning: bool
    figures: list[Figure]
    offers: list[OfferLine]
    segments: list[SegmentRanking]
    definitions: dict[str, str]
