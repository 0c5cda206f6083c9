"""Clocks, instants, rate limits and cursors: time as the backend sees it."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core import cursor
from backend.core.clock import FrozenClock, RealClock, instant
from backend.core.errors import Invalid, RateLimited
from backend.core.limits import RateLimit
from backend.core.rows import from_micros, to_micros

_INSTANTS = st.integers(to_micros(datetime(1900, 1, 1, tzinfo=UTC)), to_micros(datetime(2200, 1, 1, tzinfo=UTC))).map(
    from_micros
)


async def test_a_frozen_clock_moves_when_told_and_wakes_what_is_due() -> None:
    clock = FrozenClock()
    start = clock.now()
    assert clock.now() == start
    assert clock.advance(days=1, hours=1, minutes=1, seconds=1) == start + timedelta(seconds=90_061)
    began = monotonic()
    await clock.sleep_until(start, asyncio.Event(), 5)
    assert monotonic() - began < 1


async def test_a_sleep_ends_when_woken_or_at_most() -> None:
    wake = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, wake.set)
    for clock in (FrozenClock(), RealClock()):
        began = monotonic()
        await clock.sleep_until(clock.now() + timedelta(hours=1), wake, 5)
        assert monotonic() - began < 2
    began = monotonic()
    await RealClock().sleep_until(RealClock().now() + timedelta(hours=1), asyncio.Event(), 0.02)
    assert 0.01 < monotonic() - began < 2


@given(_INSTANTS, _INSTANTS)
def test_instants_sort_as_text_and_as_numbers(left: datetime, right: datetime) -> None:
    assert (left < right) == (instant(left) < instant(right)) == (to_micros(left) < to_micros(right))
    assert from_micros(to_micros(left)) == left
    assert datetime.fromisoformat(instant(left)) == left


def test_an_instant_is_utc_whatever_zone_it_came_in() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    assert instant(datetime(2026, 3, 2, 14, 30, tzinfo=kolkata)) == "2026-03-02T09:00:00.000000Z"


def test_a_limit_counts_each_name_in_a_moving_minute() -> None:
    clock = FrozenClock()
    limit = RateLimit(3, clock)
    for _ in range(3):
        limit.hit("address", "one")
        clock.advance(seconds=10)
    with pytest.raises(RateLimited) as refused:
        limit.hit("address", "one")
    assert refused.value.headers == {"Retry-After": "30"}
    limit.hit("address", "two")
    clock.advance(seconds=29.5)
    with pytest.raises(RateLimited) as refused:
        limit.hit("address", "one")
    assert refused.value.headers == {"Retry-After": "1"}
    clock.advance(seconds=0.5)
    limit.hit("address", "one")
    with pytest.raises(RateLimited):
        limit.hit("address", "one")


def test_a_limit_forgets_names_that_were_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.core.limits._NAMES_AT_MOST", 2)
    limit = RateLimit(1, FrozenClock())
    for name in ("one", "two", "three"):
        limit.hit(name)
    limit.hit("one")
    with pytest.raises(RateLimited):
        limit.hit("three")


@given(st.lists(st.integers(-(2**53), 2**53) | st.text(max_size=20) | _INSTANTS, min_size=1, max_size=4))
def test_a_cursor_gives_back_what_it_was_made_of(values: list[Any]) -> None:
    made = cursor.encode(values)
    assert made is not None
    assert made.replace("-", "").replace("_", "").isalnum()
    assert cursor.decode(made) == values


@given(st.text(max_size=40))
def test_a_foreign_cursor_is_refused_or_holds_plain_values(text: str) -> None:
    try:
        values = cursor.decode(text)
    except Invalid:
        return
    assert values is None or all(isinstance(value, str | int | float | datetime) for value in values)
