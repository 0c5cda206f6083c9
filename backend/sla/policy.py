"""What a policy promises a case: its targets, the hours in which they count, and when somebody is warned."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.sla.calendar import DAYS, Calendar
from backend.sla.clock import Target

FIRST_RESPONSE, NEXT_RESPONSE, RESOLUTION = "first_response", "next_response", "resolution"
TARGETS = (FIRST_RESPONSE, NEXT_RESPONSE, RESOLUTION)


@dataclass(frozen=True)
class Hours:
    """When and how clocks run at a business: its calendar, and what its settings say of pauses and warnings."""

    calendar: Calendar
    is_paused_while_waiting: bool
    warn_before_seconds: int
    warn_after_percent: int

    @classmethod
    def of(cls, settings: Mapping[str, Any], zone: str) -> "Hours":
        """From the settings of an `sla` rule set, in the zone of the business."""
        spans = {day: [(span["start"], span["end"]) for span in settings["hours"].get(day, ())] for day in DAYS}
        holidays = [date.fromisoformat(holiday["date"]) for holiday in settings["holidays"]]
        return cls(
            Calendar(zone, spans, holidays),
            settings["isPausedWhileWaiting"],
            settings["warnBeforeSeconds"],
            settings["warnAfterPercent"],
        )

    def target(self, seconds: int | None) -> Target:
        """`seconds` with their warning: so long before the end, but never before the set share of them is used."""
        unused = 0 if seconds is None else seconds * (100 - self.warn_after_percent) / 100
        return Target(seconds, min(self.warn_before_seconds, unused))


@dataclass(frozen=True)
class Promise:
    """What a version of the policy promises one case, and by which rule. Without a rule, nothing."""

    version: int
    rule: str | None
    text: str
    seconds: Mapping[str, int | None]
    """By target."""
