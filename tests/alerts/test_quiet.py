"""When something is sent: by the clock of who gets it, over midnights and jumps of the clock."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from backend.alerts.quiet import Times, due, following, waking

SETTINGS = {"quietFrom": "21:00", "quietTo": "08:00", "digestAt": "08:30"}
INDIA = Times.of(SETTINGS, "Asia/Kolkata", {})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("when", "now", "expected"),
    [
        ("NOW", "2026-03-02T14:30:00+05:30", "2026-03-02T14:31:00+05:30"),
        ("NOW", "2026-03-02T20:59:30+05:30", "2026-03-03T08:00:00+05:30"),  # gathered until after quiet began
        ("NOW", "2026-03-03T07:59:30+05:30", "2026-03-03T08:00:30+05:30"),
        ("HOURLY", "2026-03-02T14:30:15+05:30", "2026-03-02T15:00:00+05:30"),  # whole hours of a zone of half ones
        ("HOURLY", "2026-03-02T20:10:00+05:30", "2026-03-03T08:00:00+05:30"),
        ("DAILY", "2026-03-02T08:29:59+05:30", "2026-03-02T08:30:00+05:30"),
        ("DAILY", "2026-03-02T08:30:00+05:30", "2026-03-03T08:30:00+05:30"),
    ],
)
def test_due(when: str, now: str, expected: str) -> None:
    assert due(at(now), when, INDIA, 60, is_loud=False) == at(expected)  # type: ignore[arg-type]


def test_what_is_loud_waits_for_nobody() -> None:
    assert due(at("2026-03-02T23:00:00+05:30"), "NOW", INDIA, 60, is_loud=True) == at("2026-03-02T23:01:00+05:30")


def test_ones_own_hours_count() -> None:
    own = Times.of(SETTINGS, "Asia/Kolkata", {"zone": "America/New_York", "quietFrom": "12:00", "quietTo": "13:00"})
    assert waking(at("2026-03-02T12:30:00-05:00"), own) == at("2026-03-02T13:00:00-05:00")
    assert waking(at("2026-03-02T23:30:00-05:00"), own) == at("2026-03-02T23:30:00-05:00")
    assert own.digest_at == time(8, 30), "what they said nothing of is as the rules have it"
    never = Times.of(SETTINGS, "Asia/Kolkata", {"quietFrom": "", "quietTo": ""})
    assert waking(at("2026-03-02T23:30:00+05:30"), never) == at("2026-03-02T23:30:00+05:30")
    always = Times.of(SETTINGS | {"quietFrom": "09:00", "quietTo": "09:00"}, "UTC", {})
    assert waking(at("2026-03-02T09:00:00+00:00"), always) == at("2026-03-02T09:00:00+00:00"), "a span of nothing"


def test_over_the_jump_of_a_clock() -> None:
    york = ZoneInfo("America/New_York")
    skipped = following(at("2026-03-07T12:00:00-05:00"), time(2, 30), york)
    assert skipped == at("2026-03-08T03:30:00-04:00"), "02:30 is not there on the 8th"
    twice = following(at("2026-11-01T00:00:00-04:00"), time(1, 30), york)
    assert twice == at("2026-11-01T01:30:00-04:00"), "the first of the two"
    assert following(twice, time(1, 30), york) == at("2026-11-02T01:30:00-05:00"), "and once that day"
