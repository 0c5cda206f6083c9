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


@pytest.mark.parametrize(
    ("zone", "quiet", "at_", "until"),
    [
        # The night is an hour shorter, and longer.
        ("America/New_York", ("22:00", "07:00"), "2026-03-08T01:59:59-05:00", "2026-03-08T07:00:00-04:00"),
        ("America/New_York", ("22:00", "07:00"), "2026-11-01T01:30:00-05:00", "2026-11-01T07:00:00-05:00"),
        # It ends at a time that is not there: then at what the clock jumps to.
        ("America/New_York", ("22:00", "02:30"), "2026-03-08T01:00:00-05:00", "2026-03-08T03:30:00-04:00"),
        # It ends in the hour that comes twice: the first time, and is not quiet again the second time.
        ("America/New_York", ("22:00", "01:30"), "2026-11-01T01:20:00-04:00", "2026-11-01T01:30:00-04:00"),
        ("America/New_York", ("22:00", "01:30"), "2026-11-01T01:15:00-05:00", None),
        # It begins in that hour, and lasts over the second of them.
        ("America/New_York", ("01:30", "06:00"), "2026-11-01T01:15:00-05:00", "2026-11-01T06:00:00-05:00"),
        # Half an hour, and a zone that jumps at midnight.
        ("Australia/Lord_Howe", ("22:00", "07:00"), "2026-04-05T01:45:00+10:30", "2026-04-05T07:00:00+10:30"),
        ("Africa/Cairo", ("00:00", "06:00"), "2026-04-23T23:59:00+02:00", None),
        ("Africa/Cairo", ("00:00", "06:00"), "2026-04-24T01:00:00+03:00", "2026-04-24T06:00:00+03:00"),
    ],
)
def test_quiet_hours_over_the_jump_of_a_clock(zone: str, quiet: tuple[str, str], at_: str, until: str | None) -> None:
    times = Times.of({"quietFrom": quiet[0], "quietTo": quiet[1], "digestAt": "08:30"}, zone, {})
    assert waking(at(at_), times) == at(until or at_)


def test_over_the_jump_of_a_clock() -> None:
    york = ZoneInfo("America/New_York")
    skipped = following(at("2026-03-07T12:00:00-05:00"), time(2, 30), york)
    assert skipped == at("2026-03-08T03:30:00-04:00"), "02:30 is not there on the 8th"
    twice = following(at("2026-11-01T00:00:00-04:00"), time(1, 30), york)
    assert twice == at("2026-11-01T01:30:00-04:00"), "the first of the two"
    assert following(twice, time(1, 30), york) == at("2026-11-02T01:30:00-05:00"), "and once that day"
