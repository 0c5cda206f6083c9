"""SLA: how soon a customer is answered, answered again, and helped for good; and the hours in which that counts.

The shipped targets, as first response / next response / resolution (the support ordering document has none):

| | call | in-app chat | WhatsApp |
|---|---|---|---|
| GOLD | 2 min / 5 min / 4 h | 5 min / 10 min / 8 h | 15 min / 30 min / 8 h |
| SILVER | 5 min / 10 min / 8 h | 10 min / 20 min / 24 h | 30 min / 1 h / 24 h |
| others | 10 min / 15 min / 24 h | 30 min / 1 h / 48 h | 1 h / 2 h / 48 h |

An unresolved case is handed up after 15 minutes: in a chat, whoever gets it can still keep the promise. Hours are
round the clock until a business says otherwise: the ordering never closes, and a promise that stands still by
surprise is worse than one that is strict. The zone is the business's own.
"""

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind
from backend.rules.shipped.ordering import EVENT_TYPES
from backend.rules.wording import duration_in_words

TIERS = ("GOLD", "SILVER", "BRONZE")
CHANNELS = ("IN_APP_CHAT", "CALL", "WHATSAPP")
MOST_SECONDS = 90 * 86_400
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

CATALOGUE = Catalogue(
    "sla",
    Fact("tier", "choice", "tier", "The customer's tier.", choices=TIERS),
    Fact("channel", "choice", "channel", "The channel that the case came by.", choices=CHANNELS),
    Fact("stage", "choice", "stage", "Before or after the order.", choices=("PRE_ORDER", "POST_ORDER")),
    Fact("priority", "integer", "priority", "Its place in the queue, 1 (first) to 4.", minimum=1),
    Fact("order_value", "money_major", "order value", "What the order is worth, when that is known.", minimum=0),
    Fact("event_type", "text", "event type", "What the order is for, in capitals.", choices=EVENT_TYPES),
)

Seconds = Annotated[int, Field(ge=1, le=MOST_SECONDS)]


class Promised(Wire):
    """The `then` of a rule: the targets in seconds of business time. None promises nothing."""

    first_response_seconds: Seconds | None
    next_response_seconds: Seconds | None
    resolution_seconds: Seconds | None


def _opens(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError("must be a time of day such as 09:00")
    return text


def _closes(text: str) -> str:
    return text if text == "24:00" else _opens(text)


def _day(text: str) -> str:
    try:
        is_whole = date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError("must be a date such as 2026-08-15")
    return text


class Span(Wire):
    """Open from `start` to `end`, as the clock on the wall shows; `24:00` is the end of the day."""

    start: Annotated[str, AfterValidator(_opens)]
    end: Annotated[str, AfterValidator(_closes)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"{self.start} to {self.end} is no span; one that goes over midnight is two")
        return self


def _apart(spans: list[Span]) -> list[Span]:
    for before, after in pairwise(spans):
        if after.start < before.end:
            raise ValueError(f"{after.start} must not come before {before.end}: the spans of a day follow one another")
    return spans


class Holiday(Wire):
    """A day on which no clock runs."""

    date: Annotated[str, AfterValidator(_day)]
    name: str = Field(min_length=1, max_length=80)


Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DaySpans = Annotated[list[Span], Field(max_length=24), AfterValidator(_apart)]


class SlaSettings(Wire):
    """When clocks run, and when somebody is warned.

    `hours` has the spans of each weekday; a day without any is closed. A warning comes `warn_before_seconds` before the
    end, but not before `warn_after_percent` of the target are used, so that a short target is not born with one.
    `is_paused_while_waiting`: no clock runs while we wait for the customer. Sleep that an agent chose stops none.
    """

    hours: dict[Weekday, DaySpans]
    holidays: list[Holiday] = Field(max_length=400)
    warn_before_seconds: int = Field(ge=0, le=MOST_SECONDS)
    warn_after_percent: int = Field(ge=0, le=100)
    is_paused_while_waiting: bool

    @model_validator(mode="after")
    def _opens_some_time(self) -> Self:
        if not any(self.hours.values()):
            raise ValueError("hours: at least one day must be open, or nothing would ever be due")
        return self


def say(promised: Any) -> str:
    """Targets in words: `first response in 5 min, next in 10 min, resolution in 8 h`."""
    if promised is None:
        return "no target, as no rule holds"
    names = {"firstResponseSeconds": "first response", "nextResponseSeconds": "next", "resolutionSeconds": "resolution"}
    told = [f"{name} in {duration_in_words(promised[key])}" for key, name in names.items() if promised[key] is not None]
    return ", ".join(told) or "no target"


def _rule(tier: str | None, channel: str | None, first: int, following: int, hours: int) -> Rule:
    """A row of the table above; targets in minutes, the last in hours. Without a channel: chat, and whatever else."""
    said = {"CALL": "call", "WHATSAPP": "whatsapp", None: "chat"}[channel]
    asked = [
        {"fact": fact, "op": "eq", "value": value} for fact, value in (("tier", tier), ("channel", channel)) if value
    ]
    return Rule(
        id=f"{tier.lower() if tier else 'other'}_{said}",
        label=f"{tier.title()} customer, {said}" if tier else f"Any customer, {said}",
        group="targets",
        when=asked[0] if len(asked) == 1 else {"all": asked},
        then={
            "firstResponseSeconds": first * 60,
            "nextResponseSeconds": following * 60,
            "resolutionSeconds": hours * 3600,
        },
        text=f"{{tier}} customer by {said}" if tier else f"customer by {said}",
    )


SHIPPED = RuleSetDocument(
    kind="sla",
    groups={"targets": "first"},
    settings={
        "hours": {
            day: [{"start": "00:00", "end": "24:00"}]
            for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        },
        "holidays": [],
        "warnBeforeSeconds": 1800,
        "warnAfterPercent": 75,
        "isPausedWhileWaiting": True,
    },
    rules=[
        _rule("GOLD", "CALL", 2, 5, 4),
        _rule("GOLD", "WHATSAPP", 15, 30, 8),
        _rule("GOLD", None, 5, 10, 8),
        _rule("SILVER", "CALL", 5, 10, 8),
        _rule("SILVER", "WHATSAPP", 30, 60, 24),
        _rule("SILVER", None, 10, 20, 24),
        _rule(None, "CALL", 10, 15, 24),
        _rule(None, "WHATSAPP", 60, 120, 48),
        _rule(None, None, 30, 60, 48),
    ],
)

SLA = Kind(
    name="sla",
    label="Service levels",
    catalogue=CATALOGUE,
    groups={"targets": Group("first", Promised, "What a case is promised; the first rule that holds decides.")},
    settings=SlaSettings,
    shipped=SHIPPED,
    say=say,
)
