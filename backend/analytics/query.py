"""From milestones to sums: whole days of the business from the roll-ups, all else from the rows themselves."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, func, or_, select

from backend.analytics.metric import MILESTONES, Part, Sum, Sums, added
from backend.analytics.metrics import PARTS
from backend.analytics.models import AnalyticsDaily, AnalyticsState
from backend.core.days import day_of, place_in, start_of
from backend.core.rows import table_of
from backend.identity.models import Business
from backend.work import Work

_DAILY = table_of(AnalyticsDaily).c
_READ = ("kind", "at", "incidence_id", "category", "channel", "seconds", "handled", "amount")
_FLAGS = ("is_self_serve", "is_converted", "is_promised", "is_kept")
_COUNTED = select(*(MILESTONES[name] for name in (*_READ, *_FLAGS))).where(
    MILESTONES.business_id == bindparam("business")
)
_FIRST_DAY = select(func.min(MILESTONES.at)).where(
    MILESTONES.business_id == bindparam("business"), MILESTONES.kind.in_(("opened", "order"))
)


def zone_of(work: Work) -> ZoneInfo:
    """The business's own time zone."""
    return ZoneInfo(work.session.scalars(select(Business.time_zone).where(Business.id == work.business_id)).one())


def state_of(work: Work) -> AnalyticsState | None:
    """How far the counting has come; None when nothing was ever counted."""
    return work.session.get(AnalyticsState, work.business_id)


def first_day(work: Work, zone: ZoneInfo) -> date | None:
    """The local day of the business's first milestone."""
    at = work.session.connection().execute(_FIRST_DAY, {"business": work.business_id}).scalar_one()
    return day_of(at, zone) if at else None


def gather(work: Work, edges: Sequence[datetime], parts: Collection[str], *, from_rows: bool = False) -> list[Sums]:
    """The sums of `parts` in each span between two of `edges`. `from_rows` leaves the roll-ups aside."""
    wanted = [PARTS[name] for name in parts]
    spans: list[Sums] = [{} for _ in edges[:-1]]
    gaps = [(edges[0], edges[-1])]
    state = None if from_rows else state_of(work)
    if state is not None and state.rolled_until is not None:
        gaps = _from_days(work, state, edges, wanted, spans)
    _from_rows(work, gaps, edges, wanted, spans)
    return spans


def _from_days(
    work: Work, state: AnalyticsState, edges: Sequence[datetime], parts: Sequence[Part], spans: list[Sums]
) -> list[tuple[datetime, datetime]]:
    """Add the roll-ups of all days that lie within one span each; what they leave open."""
    zone, gaps, at = ZoneInfo(state.zone), [], edges[0]
    first = day_of(edges[0], zone)
    places: dict[date, int] = {}
    day = first if start_of(first, zone) == edges[0] else date.fromordinal(first.toordinal() + 1)
    assert state.rolled_until is not None
    start = start_of(day, zone)
    while day < state.rolled_until and start < edges[-1]:
        following = date.fromordinal(day.toordinal() + 1)
        end, place = start_of(following, zone), place_in(edges, start)
        if end <= edges[place + 1]:
            places[day] = place
            if at < start:
                gaps.append((at, start))
            at = end
        day, start = following, end
    if at < edges[-1]:
        gaps.append((at, edges[-1]))
    if places:
        _add_days(work, places, parts, spans)
    return gaps


def _add_days(work: Work, places: dict[date, int], parts: Sequence[Part], spans: list[Sums]) -> None:
    query = select(
        _DAILY.day, _DAILY.metric, _DAILY.dimension, _DAILY["count"].label("many"), _DAILY.total, _DAILY.spread
    ).where(
        _DAILY.business_id == work.business_id,
        _DAILY.day >= min(places),
        _DAILY.day <= max(places),
        _DAILY.metric.in_([part.name for part in parts]),
    )
    for row in work.session.connection().execute(query):
        if (place := places.get(row.day)) is not None:
            one = Sum(row.many, row.total, dict(row.spread) if row.spread else None)
            spans[place].setdefault((row.metric, row.dimension), Sum()).add(one)


def _from_rows(
    work: Work,
    gaps: Sequence[tuple[datetime, datetime]],
    edges: Sequence[datetime],
    parts: Sequence[Part],
    spans: list[Sums],
) -> None:
    if not gaps:
        return
    within = or_(*(and_(MILESTONES.at >= start, MILESTONES.at < end) for start, end in gaps))
    kinds = sorted({part.kind for part in parts})
    query = _COUNTED.where(MILESTONES.kind.in_(kinds), within)
    for row in work.session.connection().execute(query, {"business": work.business_id}):
        sums = spans[place_in(edges, row.at)]
        for part in parts:
            part.take(sums, row)


def before(work: Work, at: datetime, parts: Collection[str]) -> Sums:
    """How many milestones of `parts` there are before an instant: counts alone, without dimension."""
    state, start, whole = state_of(work), None, list[Sums]()
    if state is not None and state.rolled_until is not None:
        zone = ZoneInfo(state.zone)
        until = min(day_of(at, zone), state.rolled_until)
        start = start_of(until, zone)
        query = select(_DAILY.metric, func.sum(_DAILY["count"])).where(
            _DAILY.business_id == work.business_id, _DAILY.day < until, _DAILY.metric.in_(parts)
        )
        rows = work.session.connection().execute(query.group_by(_DAILY.metric)).all()
        whole.append({(name, ""): Sum(int(count)) for name, count in rows})
    whole.append({(name, ""): Sum(_counted(work, PARTS[name], start, at)) for name in parts})
    return added(whole)


def _counted(work: Work, part: Part, start: datetime | None, end: datetime) -> int:
    here = (MILESTONES.business_id == work.business_id) & (MILESTONES.at < end)
    query: Any = select(func.count()).where(here, part.clause())
    if start is not None:
        query = query.where(MILESTONES.at >= start)
    return int(work.session.connection().execute(query).scalar_one())
