"""Visits made of signals: where one ends, what is told of it, page by page."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.client import ApiError
from backend.signals.schemas import TrackEvent
from backend.signals.visits import Seen, visits_of
from tests.support.backend import Backend

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
