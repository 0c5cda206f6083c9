"""The visit of one customer, in memory: how signals add up. Instants are integer microseconds, as SQLite keeps them."""

from typing import Any

DURATIONS = frozenset({"inactivity", "menu_comparison"})
"""Signals whose value is seconds: the longest counts. Of all others, each one counts, whatever its value."""
ENDINGS = frozenset({"session_end", "order_placed"})
NO_FLOW = "default"
"""The flow of signals that name none."""
MOST_FLOWS = 50
MOST_TYPES = 100
MOST_SCREENS = 10
TREND = 20
SECOND = 1_000_000
LONGEST = 86_400 * SECOND
"""Who is never silent begins another visit after a day: counters tell how somebody fares now, and what a visit is read
from stays small."""


class Visit:
    """What is known of a customer in the app. Reading and storing it is `contexts`' work."""

    __slots__ = (
        "counters",
        "ends_at",
        "idle",
        "last_activity",
        "previous_screens",
        "prompts",
        "restart_after",
        "score",
        "screen",
        "started_at",
        "suppressed_until",
        "trend",
    )

    def __init__(self) -> None:
        self.started_at: int | None = None
        self.last_activity: int | None = None
        self.ends_at: int | None = None
        self.screen: str | None = None
        self.previous_screens: list[str] = []
        self.counters: dict[str, dict[str, float]] = {}
        self.idle: dict[str, float] = {}
        self.trend: list[int] = []
        self.prompts: dict[str, dict[str, Any]] = {}
        self.score = 0
        self.suppressed_until: int | None = None
        self.restart_after: int | None = None
        """Set when an ending came late: signals after this instant, stored already, make up the visit of now."""

    def is_live(self, now: int) -> bool:
        """Whether the customer is in the app now."""
        return self.started_at is not None and self.ends_at is not None and now < self.ends_at

    def is_over_by(self, at: int) -> bool:
        """Whether what happens at `at` is no part of it any more: after silence, or a day after it began."""
        return self.started_at is not None and (at >= (self.ends_at or 0) or at - self.started_at >= LONGEST)

    def is_left_alone(self, now: int) -> bool:
        """Whether the customer said no to help, not long ago."""
        return self.suppressed_until is not None and now < self.suppressed_until

    def enter(self, at: int, timeout: int) -> bool:
        """Something happened at `at`: begin or lengthen the visit. False when it belongs to a visit that is over."""
        if self.started_at is None:
            if self.ends_at is not None and at < self.ends_at:
                return False
            self._begin(at)
        elif self.is_over_by(at):
            self._begin(at)
        elif at < self.started_at:
            if self.started_at - at >= timeout:
                return False
            self.started_at = at
        if self.last_activity is None or at > self.last_activity:
            self.last_activity = at
        self.ends_at = self.last_activity + timeout
        return True

    def _begin(self, at: int) -> None:
        self.reset()
        self.started_at = self.last_activity = at

    def reset(self) -> None:
        """Forget counters, prompts and score: they belong to one visit."""
        self.counters, self.idle, self.prompts = {}, {}, {}
        self.score = 0

    def end(self, at: int) -> None:
        """The visit is over."""
        self.reset()
        self.started_at, self.ends_at = None, at

    def take(self, type: str, value: float | None, flow: str | None, screen: str | None, at: int, timeout: int) -> bool:
        """Add one signal. False when it is too late to change anything but the record."""
        was = self.last_activity
        if not self.enter(at, timeout):
            return False
        if screen is not None and (was is None or at >= was):
            self.move(screen)
        if type in ENDINGS:
            if was is not None and at < was:
                self.restart_after = at
            self.end(at)
            return True
        counts = self.counters.get(flow or NO_FLOW)
        if counts is None:
            if len(self.counters) >= MOST_FLOWS:
                return True
            counts = self.counters[flow or NO_FLOW] = {}
        if type in DURATIONS:
            seconds = value or 0.0
            if seconds > counts.get(type, -1.0):
                counts[type] = seconds
            if type == "inactivity":
                here = screen or self.screen or ""
                if seconds > self.idle.get(here, 0.0) and (here in self.idle or len(self.idle) < MOST_FLOWS):
                    self.idle[here] = seconds
        elif type in counts:
            counts[type] += 1
        elif len(counts) < MOST_TYPES:
            counts[type] = 1
        return True

    def move(self, screen: str) -> None:
        """The customer is on `screen` now."""
        if screen == self.screen:
            return
        if self.screen is not None:
            self.previous_screens = [*self.previous_screens, self.screen][-MOST_SCREENS:]
        self.screen = screen

    def largest(self, type: str) -> float:
        """The largest counter of `type` over the flows of the visit; never their sum."""
        return max((counts[type] for counts in self.counters.values() if type in counts), default=0)

    def rate(self, score: int) -> None:
        """Keep the score, and the trend of its last twenty changes."""
        if not self.trend or self.trend[-1] != score:
            self.trend = [*self.trend, score][-TREND:]
        self.score = score
