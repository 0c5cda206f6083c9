"""Visits made of signals: where one ends, what is told of it, page by page."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.client import ApiError
from backend.signals import visits
from backend.signals.schemas import ScreenPut, SignalPost, TrackEvent
from backend.signals.visits import Seen, visits_of
from tests.support.backend import Backend
from tests.support.statements import statements

TIMEOUT = timedelta(minutes=30)


def signals(start: datetime, *told: tuple[float, str]) -> list[Seen]:
    """(minutes, type), given from the first on; as they are read, from the latest on."""
    made = [
        Seen(start + timedelta(minutes=at), str(number), type, None, None) for number, (at, type) in enumerate(told)
    ]
    return made[::-1]


def test_silence_an_order_and_a_goodbye_end_a_visit(backend_start: datetime) -> None:
    told = (
        (0, "a"),
        (29.99, "b"),
        (59.98, "c"),
        (89.98, "d"),
        (90, "order_placed"),
        (90, "e"),
        (95, "session_end"),
        (96, "f"),
    )
    found = [[one.type for one in visit] for visit in visits_of(signals(backend_start, *told), TIMEOUT)]
    assert found == [["f"], ["e", "session_end"], ["d", "order_placed"], ["a", "b", "c"]]
    assert list(visits_of([], TIMEOUT)) == []


def test_who_is_never_silent_is_cut_where_days_begin(backend_start: datetime) -> None:
    """At nine in the morning of the third day, and again a day and a minute later: what was cut is cut there still."""

    def parts(minutes: int) -> list[tuple[datetime, datetime]]:
        told = signals(backend_start, *((float(at), "a") for at in range(0, minutes + 1, 10)))
        return [(visit[0].at, visit[-1].at) for visit in visits_of(told, TIMEOUT)]

    day, ten = timedelta(days=1), timedelta(minutes=10)
    midnight = backend_start.replace(hour=0) + day
    assert parts(1_430) == [(backend_start, backend_start + day - ten)], "a day less ten minutes is one visit"
    third = parts(2 * 1_440)
    assert third == [
        (midnight + day, backend_start + 2 * day),
        (midnight, midnight + day - ten),
        (backend_start, midnight - ten),
    ]
    assert parts(3 * 1_440 + 10)[2:] == third[1:]
    crowd = signals(backend_start, *((place / 1_000, "a") for place in range(visits.MOST_SIGNALS + 5)))
    assert [len(visit) for visit in visits_of(crowd, TIMEOUT)] == [visits.MOST_SIGNALS, 5]


@pytest.fixture
def backend_start() -> datetime:
    return datetime.fromisoformat("2026-03-02T09:00:00+00:00")


async def test_visits_are_listed_the_latest_first(backend: Backend) -> None:
    owner, app, now = await backend.owner(), await backend.key(), backend.clock.now()

    def event(ago: float, name: str, **properties: Any) -> TrackEvent:
        at = now - timedelta(minutes=ago)
        return TrackEvent(customer_id="asha", event=name, timestamp=at, properties=properties)

    told = [event(10_000 - day * 1_000, "login") for day in range(5)]
    told += [
        event(100, "page_view", screen="Menu"),
        event(95, "page_view", screen="Menu"),
        event(90, "page_view", screen="Cart"),
        event(85, "page_view", screen="Menu"),
        event(80, "order_placed", order_id="o-7"),
        event(20, "page_view", screen="Thanks"),
    ]
    answer = await app.tracking.track(*told)
    assert not answer.rejected
    await app.tracking.track(TrackEvent(customer_id="bela", event="login"))
    page = await owner.customers.sessions("asha")
    assert len(page.items) == 7
    live, ordered, *old = page.items
    assert (live.is_live, live.ended_at, live.ended_by, live.pages) == (True, None, None, ["Thanks"])
    assert (ordered.ended_by, ordered.order_id, ordered.seconds, ordered.actions) == ("order_placed", "o-7", 1_200, 5)
    assert (ordered.pages, ordered.page_views) == (["Menu", "Cart", "Menu"], 3)
    assert ordered.by_type == {"page_view": 4, "order_placed": 1}
    assert (ordered.started_at, ordered.ended_at) == (now - timedelta(minutes=100), now - timedelta(minutes=80))
    assert {(one.ended_by, one.actions, one.pages == []) for one in old} == {("silence", 1, True)}
    found, cursor = [], None
    while True:
        part = await owner.customers.sessions("asha", limit=2, cursor=cursor)
        found += part.items
        if (cursor := part.next_cursor) is None:
            break
    assert found == page.items
    backend.clock.advance(minutes=10)
    (over, *_) = (await owner.customers.sessions("asha")).items
    assert (over.is_live, over.ended_by, over.ended_at) == (False, "silence", now - timedelta(minutes=20))


async def test_whose_visits_nobody_else_sees(backend: Backend) -> None:
    owner, stranger, app = await backend.owner(), await backend.another_owner(), await backend.key()
    await app.tracking.track(TrackEvent(customer_id="asha", event="login"))
    id = (await owner.customers.show("asha")).id
    for call, status in ((stranger.customers.sessions(id), 404), (owner.customers.sessions(id, cursor="x"), 400)):
        with pytest.raises(ApiError) as refusal:
            await call
        assert refusal.value.status == status
    with pytest.raises(ApiError) as refusal:
        await app.customers.sessions(id)
    assert refusal.value.status == 403
    await owner.customers.erase(id)
    with pytest.raises(ApiError) as refusal:
        await owner.customers.sessions(id)
    assert refusal.value.status == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_page_is_one_query_however_much_there_is(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the history of visits, here of somebody who was never silent for a week, and of the timeline."""
    owner, app, now = await backend.owner(), await backend.key(), backend.clock.now()
    told = [
        TrackEvent(customer_id="asha", event="page_view", id=f"s-{place}", timestamp=now - timedelta(minutes=5 * place))
        for place in range(2_000)
    ]
    await app.tracking.track(*told[1_000:][::-1])
    await app.tracking.track(*told[:1_000][::-1])
    id = (await owner.customers.show("asha")).id
    for place in range(12):
        await app.context.set_screen("asha", ScreenPut(screen=f"page {place}"))
        await owner.customers.show(id, reveal=True)

    async def asked(read: Any, table: str, **page: Any) -> tuple[Any, list[Any]]:
        with statements() as all_:
            answer = await read(id, **page)
        assert len(all_) <= 2, "who the customer is"
        return answer, [one for one in all_ if f"FROM {table}" in one[0]]

    whole, queries = await asked(owner.customers.sessions, "signals", limit=200)
    assert len(queries) == 1
    assert [one.ended_by for one in whole.items] == [None, *["length"] * 7]
    assert (whole.next_cursor, sum(one.actions for one in whole.items)) == (None, 2_000)
    assert [one.actions for one in whole.items[1:-1]] == [288] * 6
    context = await app.context.show("asha")
    assert context.session_duration <= 86_400
    assert sum(context.counters["default"].values()) <= 288, "counters begin anew with the day too"
    monkeypatch.setattr(visits, "MOST_READ", 300)
    short, queries = await asked(owner.customers.sessions, "signals", limit=200)
    assert (len(queries), len(short.items)) == (1, 2), "a page ends early rather than read on"
    found, cursor = short.items, short.next_cursor
    while cursor is not None:
        page, queries = await asked(owner.customers.sessions, "signals", limit=1, cursor=cursor)
        assert len(queries) == 1
        found, cursor = found + page.items, page.next_cursor
    assert found == whole.items
    sql, given = queries[0]
    plan = await backend.runtime.database.read(
        lambda session: session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all()
    )
    assert [one.detail for one in plan if "PRIMARY KEY" not in one.detail] == [], "nothing is sorted"

    await app.context.signal("bela", SignalPost(signal_type="page_view"))
    asked_for = []
    for user in ("bela", "asha"):
        with statements() as all_:
            await app.context.signal(user, SignalPost(signal_type="page_view"))
        asked_for.append([sql for sql, _ in all_])
    assert asked_for[0] == asked_for[1], "a signal costs the same, whatever lies behind it"

    for limit in (1, 5, 200):
        page, queries = await asked(owner.customers.timeline, "events", limit=limit)
        assert (len(queries), len(page.items)) == (1, min(limit, 12))
