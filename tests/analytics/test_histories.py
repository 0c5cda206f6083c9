"""Every number over random histories, in zones with and without summer time, against an independent computation."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.analytics.metrics import PARTS
from backend.analytics.query import gather
from backend.core.days import edges_of
from tests.analytics.floor import Floor
from tests.analytics.history import differences, same, told
from tests.support.backend import Backend

pytestmark = pytest.mark.alike

# Two days before the clocks change (or, in Kolkata, do not).
STARTS = {
    "Asia/Kolkata": datetime(2026, 3, 2, 3, tzinfo=UTC),
    "Europe/Berlin": datetime(2026, 10, 23, 5, tzinfo=UTC),
    "America/New_York": datetime(2026, 3, 6, 8, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 4, 3, 1, tzinfo=UTC),
}
VERBS = ("take", "reply", "close", "reopen", "written_to", "escalate")
CATEGORIES = (None, "payment", "menu")
_act = st.one_of(
    st.tuples(
        st.just("case"),
        st.sampled_from(("u-1", "u-2")),
        st.sampled_from(CATEGORIES),
        st.sampled_from(("IN_APP_CHAT", "CALL", "WHATSAPP")),
        st.sampled_from((1_000, 12_000)),
    ),
    *[st.tuples(st.sampled_from(VERBS), st.integers(0, 9)) for _ in range(3)],
    st.tuples(st.just("rename"), st.integers(0, 9), st.sampled_from(CATEGORIES)),
    st.tuples(st.just("order"), st.sampled_from(("u-1", "u-2", "u-3")), st.integers(0, 2_000)),
    st.tuples(st.just("count")),
)
_gap = st.sampled_from((0, 1, 7, 90, 240, 600, 1_500))
"""Minutes."""


async def play(floor: Floor, steps: list[tuple[int, tuple[Any, ...]]]) -> None:
    """Let it all happen, for less than a week."""
    await floor.case()
    for gap, (verb, *details) in steps:
        floor.wait(minutes=gap)
        cases = floor.history.cases
        match verb:
            case "case":
                await floor.case(*details)
            case "order":
                await floor.order(details[0], ago=timedelta(minutes=details[1]))
            case "count":
                await floor.count()
            case "rename":
                await floor.rename(cases[details[0] % len(cases)], details[1])
            case _:
                await getattr(floor, verb)(cases[details[0] % len(cases)])


# Not shrunk: an example takes a quarter of a second, and hundreds of them would outlast every patience.
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.generate],
)
@given(
    zone=st.sampled_from(sorted(STARTS)),
    other=st.sampled_from(sorted(STARTS)),
    steps=st.lists(st.tuples(_gap, _act), min_size=12, max_size=25),
    cut=st.integers(0, 3),
)
async def test_every_number_is_right(
    backend: Backend, zone: str, other: str, steps: list[tuple[int, tuple[Any, ...]]], cut: int
) -> None:
    floor = await Floor.open(backend, zone, STARTS[zone])
    start = floor.now
    await play(floor, steps)
    for name in {zone, other}:
        local = ZoneInfo(name)
        first = (start - timedelta(days=2)).astimezone(local).date() + timedelta(days=cut)
        last = floor.now.astimezone(local).date()
        kpis = await floor.owner.analytics.kpis(first, last, zone=name)
        assert differences(told(floor.history, first, last, local), kpis.kpis) == {}
    await _trends_agree(floor, first, last, local)
    await _rows_agree(floor, first, last, name, kpis.kpis)
    await _days_agree(floor, zone, first, last)


async def _trends_agree(floor: Floor, first: date, last: date, zone: ZoneInfo) -> None:
    """Each day of each trend is that day's own number."""
    metrics = ("self_serve_conversion", "time_to_resolve_p90", "service_cost", "backlog", "repeat_issues")
    for metric in metrics:
        trend = await floor.owner.analytics.trend(metric, first, last, zone=zone.key)
        days = [datetime.fromisoformat(point.local).date() for point in trend.points]
        assert days == [first + timedelta(days=number) for number in range((last - first).days + 1)]
        for day, point in zip(days, trend.points, strict=True):
            assert same(point.value, told(floor.history, day, day, zone)[metric]), (metric, day)


async def _rows_agree(floor: Floor, first: date, last: date, zone: str, kpis: list[Any]) -> None:
    """Behind each number are as many rows as it says."""
    counts = {"count": "numerator", "percent": "denominator", "seconds": "denominator"}
    for kpi in kpis:
        rows = await floor.owner.analytics.rows(kpi.name, first, last, zone=zone, limit=200)
        assert rows.count == len(rows.items)
        if kpi.name == "escalation_rate":
            assert rows.count == kpi.numerator
        elif kpi.name != "repeat_issues" and kpi.unit in counts:
            assert rows.count == getattr(kpi, counts[kpi.unit]), kpi.name
        if kpi.name in ("self_serve_conversion", "assisted_conversion", "deflection", "sla_met"):
            assert sum(row.is_counted for row in rows.items) == kpi.numerator


async def _days_agree(floor: Floor, zone: str, first: date, last: date) -> None:
    """What is rolled up is what the rows of these days come to, late ones and changed ones too."""
    edges = edges_of(first, last, ZoneInfo(zone))
    rolled = await floor.units.read(gather, edges, list(PARTS))
    raw = await floor.units.read(gather, edges, list(PARTS), from_rows=True)
    assert _plain(rolled) == _plain(raw)


def _plain(spans: list[Any]) -> list[dict[Any, Any]]:
    return [{key: (one.count, one.total, one.spread) for key, one in span.items()} for span in spans]
