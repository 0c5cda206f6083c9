"""Business time against a model that walks minute by minute, where the clock jumps, and where people stumble."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.sla.calendar import DAYS, HORIZON, Calendar, Spans

MINUTE = timedelta(minutes=1)
ALWAYS: Mapping[str, Spans] = {day: [("00:00", "24:00")] for day in DAYS}
OFFICE: Mapping[str, Spans] = {day: [("09:00", "18:00")] for day in DAYS[:5]}

# Zone and a day shortly before its clock is put forward, back, by half an hour, at midnight, or loses a whole day.
NEAR = [
    ("Europe/Berlin", date(2026, 3, 27)),
    ("Europe/Berlin", date(2026, 10, 23)),
    ("America/New_York", date(2026, 3, 6)),
    ("America/New_York", date(2026, 10, 30)),
    ("Australia/Lord_Howe", date(2026, 4, 3)),
    ("Australia/Lord_Howe", date(2026, 10, 2)),
    ("America/Havana", date(2026, 3, 6)),
    ("America/Havana", date(2026, 10, 30)),
    ("Africa/Cairo", date(2026, 4, 22)),
    ("Africa/Cairo", date(2026, 10, 28)),
    ("Pacific/Apia", date(2011, 12, 28)),
    ("Asia/Kolkata", date(2026, 3, 2)),
]
SHOWN_DAYS = 6


@lru_cache(maxsize=64)
def wall(zone: str, first: date) -> list[tuple[date, list[tuple[datetime, str]]]]:
    """Each minute of some days with what the clock on the wall shows, by the date on the calendar beside it."""
    start = datetime.combine(first, datetime.min.time(), UTC) - timedelta(days=1)
    minutes = (start + MINUTE * number for number in range((SHOWN_DAYS + 4) * 24 * 60))
    local = ((at, at.astimezone(ZoneInfo(zone))) for at in minutes)
    return [
        (day, [(at, f"{here:%H:%M}") for at, here in of_day])
        for day, of_day in groupby(local, key=lambda pair: pair[1].date())
    ]


def open_minutes(zone: str, first: date, hours: Mapping[str, Spans], holidays: frozenset[date]) -> list[datetime]:
    """The minutes at which a door that opens and closes by that clock stands open."""
    found: set[datetime] = set()
    for day, shown in wall(zone, first):
        if day in holidays:
            continue
        for start, end in hours.get(DAYS[day.weekday()], ()):
            opens = [at for at, clock in shown if clock >= start]
            closes = [at for at, clock in shown if clock < end]
            if opens and closes:
                found.update(at for at, _ in shown if opens[0] <= at <= closes[-1])
    return sorted(found)


times = st.sampled_from(
    [
        "00:00",
        "00:30",
        "01:00",
        "01:30",
        "02:00",
        "02:15",
        "02:30",
        "03:00",
        "09:00",
        "18:00",
        "23:00",
        "23:59",
        "24:00",
    ]
)


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[str, str]]:
    edges = sorted(draw(st.sets(times, min_size=2, max_size=6)))
    if draw(st.booleans()):  # one follows on the other
        return list(pairwise(edges))
    return list(zip(edges[::2], edges[1::2], strict=False))


@settings(max_examples=200, deadline=None)
@given(
    near=st.sampled_from(NEAR),
    hours=spans().map(lambda every: dict.fromkeys(DAYS, every)) | st.dictionaries(st.sampled_from(DAYS), spans()),
    closed=st.sets(st.integers(0, SHOWN_DAYS), max_size=2),
    begin=st.integers(0, SHOWN_DAYS * 24 * 60) | st.just(0),
    minutes=st.integers(1, SHOWN_DAYS * 24 * 60) | st.just(SHOWN_DAYS * 24 * 60),
)
def test_it_counts_as_somebody_who_watches_the_door(
    near: tuple[str, date], hours: Mapping[str, Spans], closed: set[int], begin: int, minutes: int
) -> None:
    zone, first = near
    holidays = frozenset(first + timedelta(days=number) for number in closed)
    calendar = Calendar(zone, hours, holidays)
    start = datetime.combine(first, datetime.min.time(), UTC) + MINUTE * begin
    is_open = open_minutes(zone, first, hours, holidays)
    end = start + MINUTE * minutes
    last = datetime.combine(first, datetime.min.time(), UTC) + timedelta(days=SHOWN_DAYS + 2)
    end = min(end, last)
    expected = len([at for at in is_open if start <= at < end])
    assert calendar.between(start, end) == expected * 60
    following = [at for at in is_open if at >= start and at < last]
    if following:
        assert calendar.opening(start) == following[0]
        nth = min(minutes, len(following))
        due = calendar.add(start, nth * 60)
        assert due == following[nth - 1] + MINUTE
        assert calendar.between(start, due) == nth * 60


@settings(max_examples=200, deadline=None)
@given(
    near=st.sampled_from(NEAR),
    hours=st.sampled_from([ALWAYS, OFFICE]),
    offset=st.integers(0, 10**12),
    one=st.floats(0.000001, 400_000),
    other=st.floats(0.000001, 400_000),
)
def test_adding_in_two_steps_is_adding_at_once(
    near: tuple[str, date], hours: Mapping[str, Spans], offset: int, one: float, other: float
) -> None:
    calendar = Calendar(near[0], hours)
    start = datetime.combine(near[1], datetime.min.time(), UTC) + timedelta(microseconds=offset)
    whole, steps = calendar.add(start, one + other), calendar.add(calendar.add(start, one), other)
    assert abs(calendar.between(start, whole) - (one + other)) < 0.00001
    assert abs(calendar.between(min(whole, steps), max(whole, steps))) < 0.00001


def at(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "start", "seconds", "due"),
    [
        ("Europe/Berlin", "2026-03-27 17:59:30", 30, "2026-03-27 18:00:00"),  # over with the door that closes
        ("Europe/Berlin", "2026-03-27 17:59:30", 31, "2026-03-30 09:00:01"),  # over a weekend in which the clock jumps
        ("Europe/Berlin", "2026-03-27 18:00:00", 1, "2026-03-30 09:00:01"),
        ("Europe/Berlin", "2026-10-23 17:00:00", 7200, "2026-10-26 10:00:00"),
        ("Asia/Kolkata", "2026-08-14 17:00:00", 7200, "2026-08-17 10:00:00"),  # Saturday is Independence Day anyway
        ("Asia/Kolkata", "2026-10-01 17:00:00", 7200, "2026-10-05 10:00:00"),  # Friday is a holiday
        ("Asia/Kolkata", "2026-03-02 03:00:00", 60, "2026-03-02 09:01:00"),
    ],
)
def test_office_hours(zone: str, start: str, seconds: int, due: str) -> None:
    calendar = Calendar(zone, OFFICE, [date(2026, 8, 15), date(2026, 10, 2)])
    assert calendar.add(at(zone, start), seconds) == at(zone, due)


@pytest.mark.parametrize(("zone", "first"), NEAR)
def test_round_the_clock_leaves_no_minute_out(zone: str, first: date) -> None:
    calendar = Calendar(zone, ALWAYS)
    start = datetime.combine(first, datetime.min.time(), UTC)
    for hours in range(24 * SHOWN_DAYS):
        moment = start + timedelta(hours=hours, minutes=59, seconds=59.5)
        assert calendar.add(moment, 3_600) == moment + timedelta(hours=1)
        assert calendar.opening(moment) == moment
    assert calendar.between(start, start + timedelta(days=400)) == 400 * 86_400


@pytest.mark.parametrize("end", ["24:00", "23:59"])
def test_a_day_that_closes_at_midnight(end: str) -> None:
    """23:59 is a door that is shut for a minute, and says so; 24:00 is none."""
    calendar = Calendar("Asia/Kolkata", {day: [("00:00", end)] for day in DAYS})
    late = at("Asia/Kolkata", "2026-03-02 23:58:59")
    assert calendar.add(late, 60 + 2) == late + timedelta(seconds=62 if end == "24:00" else 62 + 60)


def test_no_time_is_now_and_never_is_far_away() -> None:
    once = Calendar("Asia/Kolkata", {"monday": [("09:00", "09:01")]})
    start = datetime(2026, 3, 3, tzinfo=UTC)
    assert once.add(start, 0) == once.add(start, -5) == start
    assert once.add(start, 60) == at("Asia/Kolkata", "2026-03-09 09:01:00")
    assert once.add(start, 90 * 86_400) == start + HORIZON
    assert Calendar("Asia/Kolkata", {}).opening(start) == start + HORIZON
    assert once.between(start, start) == once.between(start, start - timedelta(days=9)) == 0
