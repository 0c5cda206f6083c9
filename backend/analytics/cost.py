"""What service costs: quantities from the milestones, at the prices of the cost rules in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from backend.core.money import to_minor
from backend.identity.service import currency_of
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work

if TYPE_CHECKING:
    from backend.analytics.metric import Sum


@dataclass(frozen=True)
class Terms:
    """What the numbers depend on beside the milestones: the currency, the prices, and when an issue counts as repeated."""

    currency: str
    cost: Compiled
    feedback: Compiled

    @property
    def repeat_above(self) -> int:
        """An issue with more cases than this in a week is repeated."""
        return int(self.feedback.settings["repeatAbove"])

    @property
    def words(self) -> dict[str, str]:
        """The numbers of the rules that definitions mention."""
        cost = self.cost.settings
        return {
            "repeat_above": f"{self.repeat_above}",
            "within": _duration(cost["assistedWithinSeconds"]),
            "idle": _duration(cost["idleAfterSeconds"]),
            "agent_hour": f"{cost['agentHour']:,} {self.currency}",
            "version": f"{self.cost.version}",
        }

    def prices(self, channel: str) -> tuple[Fraction, Fraction]:
        """What one contact and one minute of handling cost on a channel, beside the agent's time: minor units."""
        then: Mapping[str, Any] = self.cost.evaluate({"channel": channel or None}, trace=False).result or {}
        return self._minor(then.get("perContact", 0)), self._minor(then.get("perMinute", 0))

    def _minor(self, major: float) -> Fraction:
        return Fraction(to_minor(major, self.currency))


def terms_of(work: Work) -> Terms:
    """The terms in force."""
    cost, feedback = rules.current_of(work, "cost", "feedback")
    return Terms(currency_of(work), cost, feedback)


@dataclass(frozen=True)
class ChannelCost:
    """What the cases closed on one channel cost. Money in minor units."""

    channel: str
    contacts: int
    handled_seconds: int
    time: Fraction
    contact: Fraction
    minutes: Fraction

    @property
    def whole(self) -> Fraction:
        return self.time + self.contact + self.minutes


def by_channel(handled: "Mapping[str, Sum]", terms: Terms) -> list[ChannelCost]:
    """The cost of closed cases, channel by channel, the dearest first."""
    hour = terms._minor(terms.cost.settings["agentHour"])
    found = []
    for channel, one in handled.items():
        per_contact, per_minute = terms.prices(channel)
        time, minutes = hour * one.total / 3_600, per_minute * one.total / 60
        found.append(ChannelCost(channel, one.count, one.total, time, per_contact * one.count, minutes))
    return sorted(found, key=lambda cost: (-cost.whole, cost.channel))


def whole_cost(handled: "Mapping[str, Sum]", terms: Terms) -> Fraction:
    """What all of it cost, in minor units."""
    return sum((cost.whole for cost in by_channel(handled, terms)), Fraction(0))


def _duration(seconds: int) -> str:
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0 and seconds >= size and (name != "day" or seconds > size):
            return f"{seconds // size} {name}{'' if seconds == size else 's'}"
    return f"{seconds} seconds"
