"""`follows()`: what the console's mirror knows after the events equals what a fresh look shows. Held for every verb."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from backend.client import Client
from backend.events import log
from backend.events.feed import frame_of
from console.store import Store
from tests.support.backend import Backend, business_of

Mirror = dict[str, dict[str, Any]]


async def snapshot(client: Client) -> tuple[Mirror, int]:
    """Every incidence as the API lists it, and the seq to follow from."""
    mirror: Mirror = {}
    as_of, cursor = None, None
    while True:
        page = await client.transport.call("GET", "/incidences", None, limit=200, sort="created", cursor=cursor)
        mirror |= {item["incidenceId"]: item for item in page["items"]}
        as_of, cursor = page["asOf"] if as_of is None else as_of, page["nextCursor"]
        if cursor is None:
            return mirror, as_of


async def frames(backend: Backend, client: Client, after: int) -> list[dict[str, Any]]:
    """The feed's frames after `after`."""
    business_id = await business_of(client)
    rows = await backend.runtime.database.read(lambda session: log.after(session, business_id, after, 10_000))
    return [frame_of(row, row.state) for row in rows]


@asynccontextmanager
async def follows(backend: Backend, client: Client) -> AsyncIterator[list[dict[str, Any]]]:
    """Around a verb: afterwards the old snapshot with the new events must equal a new snapshot. Yields the frames."""
    mirror, as_of = await snapshot(client)
    seen: list[dict[str, Any]] = []
    yield seen
    seen += await frames(backend, client, as_of)
    store = Store()
    store.install({"incidence": mirror}, as_of)
    for frame in seen:
        assert store.apply(frame)
    fresh, head = await snapshot(client)
    assert store.incidences == fresh
    assert store.seq == head
