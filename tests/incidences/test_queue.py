"""The queue's pages, views, filters and order."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.client import ApiError
from backend.incidences.schemas import IncidenceChange
from tests.support.backend import Backend
from tests.support.incidences import open_case


async def test_pages_neither_skip_nor_repeat(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    for number in range(25):
        await open_case(key, f"u-{number}", orderValue=[100, 6_000, 40_000][number % 3], friction=None)
        backend.clock.advance(seconds=number % 4)
    for sort in ("queue", "sla", "updated", "created", "value", "friction"):
        seen: list[str] = []
        cursor = None
        while True:
            page = await agent.incidences.list(sort=sort, limit=7, cursor=cursor)
            seen += [case.ref for case in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        whole = [case.ref for case in (await agent.incidences.list(sort=sort, limit=200)).items]
        assert seen == whole
        assert len(set(seen)) == 25


async def test_the_queue_is_by_priority_then_by_who_waits_longest(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    usual = await open_case(key, "a", orderValue=6_000)
    backend.clock.advance(minutes=1)
    large = await open_case(key, "b", orderValue=40_000)
    later = await open_case(key, "c", orderValue=7_000)
    small = await open_case(key, "d", orderValue=10)
    refs = [case.ref for case in (await agent.incidences.list()).items]
    assert refs == [large.ref, usual.ref, later.ref, small.ref]


async def test_views_and_counts_agree(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    mine = await agent.incidences.take((await open_case(key, "a")).incidence_id)
    await open_case(key, "b")
    small = await open_case(key, "c", orderValue=1)
    asleep = await open_case(key, "d")
    until = "2030-01-01T00:00:00Z"
    await agent.incidences.change(
        asleep.incidence_id, IncidenceChange.model_validate({"version": 1, "snoozedUntil": until})
    )
    closed = await open_case(key, "e")
    await agent.incidences.change(closed.incidence_id, IncidenceChange(version=1, outcome="DROPPED"))
    backend.clock.advance(minutes=22, seconds=30)
    counts = await agent.incidences.counts()
    assert counts == {
        "mine": 1,
        "unassigned": 1,
        "all": 4,
        "sla_risk": 2,
        "high_friction": 0,
        "high_churn": 0,
        "escalated": 0,
        "snoozed": 1,
        "closed": 1,
    }
    for view, count in counts.items():
        assert len((await agent.incidences.list(view=view)).items) == count, view
    assert [case.ref for case in (await agent.incidences.list(assignee="me")).items] == [mine.ref]
    assert mine.ref not in [case.ref for case in (await agent.incidences.list(assignee="none")).items]
    assert small.ref in [case.ref for case in (await agent.incidences.list(view="all")).items]
    assert [case.ref for case in (await agent.incidences.list(status="CLOSED")).items] == [closed.ref]


FILTERS = {
    "p2": {"big", "wed"},
    "-p2": {"mid", "small"},
    "value>=25000": {"big"},
    "value<5k": {"small"},
    "value>5000": {"big", "mid", "wed"},
    "wedding": set(),
    "event:wedding": {"wed"},
    "-event:wedding": {"big", "mid", "small"},
    "status:open p3": {"mid"},
    "@none": {"big", "mid", "small", "wed"},
    "@me": set(),
    "-@me": {"big", "mid", "small", "wed"},
    "#INC-1": {"big"},
    "checkout": {"big"},
    "CheckOut -p1": {"big"},
    "wed": {"wed"},
    "100%": set(),
    "tier:bronze": {"big", "mid", "small", "wed"},
    "friction>10": set(),
}


@pytest.mark.parametrize(("text", "expected"), FILTERS.items())
async def test_filters(backend: Backend, text: str, expected: set[str]) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    await open_case(key, "big", orderValue=40_000, summary="Stuck on checkout")
    await open_case(key, "mid", orderValue=6_000)
    await open_case(key, "small", orderValue=10)
    await open_case(key, "wed", orderValue=9_000, eventType="WEDDING", summary="Asks")
    assert {case.user_id for case in (await agent.incidences.list(q=text)).items} == expected


@pytest.mark.parametrize(
    "query",
    [
        {"q": "churn>x"},
        {"limit": 0},
        {"limit": 201},
        {"sort": "colour"},
        {"view": "x"},
        {"cursor": "%%"},
        {"cursor": "WzFd"},
    ],
)
async def test_wrong_queries_are_refused(backend: Backend, query: dict[str, object]) -> None:
    agent = await backend.member("agent")
    with pytest.raises(ApiError) as refused:
        await agent.incidences.list(**query)
    assert (refused.value.status, refused.value.code) == (400, "VALIDATION_ERROR")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40))
async def test_any_filter_is_answered_or_refused(backend: Backend, text: str) -> None:
    """No text breaks the query: it is read, or refused in words."""
    agent = await backend.member("agent") if not getattr(backend, "reader", None) else backend.reader  # type: ignore[attr-defined]
    backend.reader = agent  # type: ignore[attr-defined]
    try:
        await agent.incidences.list(q=text)
    except ApiError as refused:
        assert refused.status == 400
        assert refused.message
