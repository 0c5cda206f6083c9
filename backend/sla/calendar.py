"""Business time: adding it to an instant and counting it between two, across weekends, holidays and changes of the clock.

A day's hours are what its wall clock shows. A span begins when the clock first reaches its start (at the jump, when
that hour is skipped) and ends when the clock stands before its end for the last time (when an hour comes twice).
"24:00" is the day's end, which is the next day's begin: round the clock leaves no minute out.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MIDNIGHT = "24:00"
HORIZON = timedelta(days=3660)
"""How far ahead a due instant is looked for. What would be due later counts as due then: it is no promise any more."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Spans = Sequence[tuple[str, str]]
Stretch = tuple[datetime, datetime]
_REMEMBERED = 800
"""Days whose opening is kept: two years and some. Cases of these days ask again and again."""
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


class Calendar:
    """The business hours of a zone. `hours` has the spans of each weekday (`("09:00", "18:00")`), in order.

    A weekday that is not there, and a date among `holidays`, is closed. Safe to share between threads.
    """

    def __init__(self, zone: str, hours: Mapping[str, Spans], holidays: Collection[date] = ()) -> None:
        self.zone = zone
        self._zone = ZoneInfo(zone)
        self._spans = [tuple(hours.get(day, ())) for day in DAYS]
        self._holidays = frozenset(holidays)
        self._known: dict[date, tuple[Stretch, ...]] = {}
        self._last_used: Stretch = (_EPOCH, _EPOCH)

    def add(self, at: datetime, seconds: float) -> datetime:
        """The instant at which `seconds` of business time have passed since `at`; `at` itself for none.

        Time that ends with a closing hour is over at that hour, not at the next opening.
        """
        left = timedelta(seconds=seconds)
        if left <= timedelta(0):
            return at
        opens, closes = self._last_used  # cases of the moment mostly fall into the same one
        if opens <= at and at + left <= closes:
            return at + left
        for opens, closes in self._from(at):
            begins = max(opens, at)
            if closes - begins >= left:
                self._last_used = opens, closes
                return begins + left
            left -= closes - begins
        return at + HORIZON

    def between(self, start: datetime, end: datetime) -> float:
        """The seconds of business time from `start` to `end`; none when it does not lie later."""
        passed = timedelta(0)
        if start >= end:
            return 0.0
        for opens, closes in self._from(start, min(end, start + HORIZON)):
            passed += min(closes, end) - max(opens, start)
        return passed.total_seconds()

    def opening(self, at: datetime) -> datetime:
        """`at` when it lies in business hours, else the next instant that does."""
        for opens, _ in self._from(at):
            return max(opens, at)
        return at + HORIZON

    def _from(self, at: datetime, until: datetime | None = None) -> Iterator[Stretch]:
        """The stretches of business time that end after `at`, in order, up to `until`."""
        until = until or at + HORIZON
        day = at.astimezone(self._zone).date()
        while True:
            for opens, closes in self._stretches(day):
                if opens >= until:
                    return
                if closes > at:
                    yield opens, closes
            day += _DAY
            if self._begin(day) >= until:
                return

    def _stretches(self, day: date) -> tuple[Stretch, ...]:
        known = self._known.get(day)
        if known is None:
            known = tuple(self._opened(day))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[day] = known
        return known

    def _opened(self, day: date) -> Iterator[Stretch]:
        if day in self._holidays:
            return
        last: datetime | None = None
        for start, end in self._spans[day.weekday()]:
            opens = self._first(datetime.combine(day, _time(start)))
            closes = self._begin(day + _DAY) if end == MIDNIGHT else self._last(datetime.combine(day, _time(end)))
            if last is not None and opens < last:  # an hour that comes twice belongs to the span before
                opens = last
            if closes > opens:
                yield opens, closes
                last = closes

    def _begin(self, day: date) -> datetime:
        return self._first(datetime.combine(day, time()))

    def _first(self, wall: datetime) -> datetime:
        """When the clock first shows `wall`, or the jump that skips it."""
        first, second = self._both(wall)
        return first if first <= second else self._jump(second, first)

    def _last(self, wall: datetime) -> datetime:
        """When the clock stands before `wall` for the last time, or the jump that skips it."""
        first, second = self._both(wall - _SECOND)
        return second + _SECOND if first <= second else self._jump(second, first)

    def _both(self, wall: datetime) -> tuple[datetime, datetime]:
        """The first and the second time that the clock shows `wall`; the other way round when it never does."""
        first, second = (wall.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        return first, second

    def _jump(self, before: datetime, after: datetime) -> datetime:
        """The instant between the two at which the clock is put forward; zones are put to the second."""
        offset = after.astimezone(self._zone).utcoffset()
        while after - before > _SECOND:
            middle = before + (after - before) // _SECOND // 2 * _SECOND
            if middle.astimezone(self._zone).utcoffset() == offset:
                after = middle
            else:
                before = middle
        return after


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))
