"""The mirror through dropped connections: nothing missed, nothing twice, the same as a fresh start."""

import asyncio
import random
from contextlib import asynccontextmanager
from typing import Any

import pytest

from console.live import FeedState, Live, Missed
from console.store import RESET, Store
from tests.console.place import Desk, until


@asynccontextmanager
async def following(live: Live) -> Any:
    task = asyncio.create_task(live.follow())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def assert_mirrors(desk: Desk, store: Store) -> None:
    fresh = await desk.snapshot()
    await until(lambda: store.seq is not None and fresh.seq is not None and store.seq >= fresh.seq)
    fresh = await desk.snapshot()
    assert store.tables["incidence"] == fresh.tables["incidence"]
    assert store.tables["member"] == fresh.tables["member"]
    assert store.counts == fresh.counts
    assert store.seq == fresh.seq


async def test_follows_changes(desk: Desk) -> None:
    row = await desk.incidence()
    store = Store(desk.me.member_id)
    live = desk.live(store)
    async with following(live):
        await until(lambda: live.state.kind == "live")
        assert store.counts["all"] == 1
        await desk.api.incidences.take(row["incidenceId"], row["version"])
        await until(lambda: store.counts["mine"] == 1)
        await desk.change(row["incidenceId"], outcome="RESOLVED")
        await until(lambda: store.counts["closed"] == 1)
        assert store.counts["all"] == 0
        await assert_mirrors(desk, store)


class Counted(Store):
    """Keeps the seq of each event that it took in, whatever it was of: what the server does by itself comes between."""

    def __init__(self, member_id: str) -> None:
        super().__init__(member_id)
        self.seqs: list[int] = []

    def apply(self, frame: dict[str, Any]) -> bool:
        is_new = super().apply(frame)
        self.seqs += [frame["seq"]] if is_new else []
        return is_new


async def test_resumes_through_dropped_sockets(desk: Desk) -> None:
    rows = [await desk.incidence(f"u-{n}") for n in range(6)]
    store = Counted(desk.me.member_id)
    states: list[FeedState] = []
    missed: list[Missed] = []
    resets: list[int] = []
    store.listen(RESET, lambda _: resets.append(1))
    troubles: list[Exception] = []
    live = desk.live(store, on_state=states.append, on_missed=missed.append, on_trouble=troubles.append)
    randomly = random.Random(7)
    async with following(live):
        await until(lambda: live.state.kind == "live")
        start = store.seq or 0
        for round in range(8):
            for _ in range(6):
                row = randomly.choice(rows)
                await desk.note(row["incidenceId"], f"note {round}")
            if live._connection is not None:
                await live._connection.drop()
            row = randomly.choice(rows)
            await desk.change(row["incidenceId"], priority=randomly.choice([1, 2, 3, 4]), summary=f"round {round}")
            await asyncio.sleep(0.05)
        await until(lambda: live.state.kind == "live")
        await assert_mirrors(desk, store)
        assert troubles == []
        assert len(resets) == 1, "it had to reload, and did not resume"
        assert store.seqs == list(range(start + 1, (store.seq or 0) + 1)), (
            "one was missed, applied twice or out of order"
        )
    assert any(state.kind == "offline" and state.since for state in states)
    assert sum(sum(one.types.values()) for one in missed) > 0


async def test_survives_a_killed_server(desk: Desk) -> None:
    row = await desk.incidence()
    store = Store(desk.me.member_id)
    live = desk.live(store)
    async with following(live):
        await until(lambda: live.state.kind == "live")
        desk.server.kill()
        await until(lambda: live.state.kind == "offline")
        assert store.incidences, "offline is no reason to forget"
        await asyncio.to_thread(desk.server.start)
        live.try_now()
        await desk.note(row["incidenceId"])
        await until(lambda: live.state.kind == "live")
        await assert_mirrors(desk, store)


@pytest.mark.settings(feed_keep_events="5")
async def test_reloads_when_it_was_away_too_long(desk: Desk) -> None:
    rows = [await desk.incidence(f"u-{n}") for n in range(3)]
    store = Store(desk.me.member_id)
    missed: list[Missed] = []
    live = desk.live(store, on_missed=missed.append)
    resets: list[int] = []
    store.listen(RESET, lambda _: resets.append(1))
    async with following(live):
        await until(lambda: live.state.kind == "live")
    for n in range(12):
        await desk.note(rows[n % 3]["incidenceId"])
    await desk.change(rows[0]["incidenceId"], outcome="DROPPED")
    live = desk.live(store, on_missed=missed.append)
    live._must_reload = False  # as after a drop: it means to resume
    live._lost_at = store.seq
    async with following(live):
        await until(lambda: len(resets) == 2)
        await until(lambda: live.state.kind == "live")
        await assert_mirrors(desk, store)
    assert [one.is_whole for one in missed] == [False]


class Scripted:
    """A feed that says what it is told to say, one script per connection."""

    def __init__(self, *scripts: list[dict[str, Any]]) -> None:
        self.scripts, self.cursors = list(scripts), []

    @asynccontextmanager
    async def connect(self, after: int | None = None) -> Any:
        self.cursors.append(after)
        yield Scripted.Connection(self.scripts.pop(0) if self.scripts else [])

    class Connection:
        def __init__(self, frames: list[dict[str, Any]]) -> None:
            self.frames = frames

        async def __aiter__(self) -> Any:
            for frame in self.frames:
                yield frame
            await asyncio.sleep(30)

        async def be_at(self, *_: Any) -> None:
            pass


def event(seq: int) -> dict[str, Any]:
    return {"kind": "event", "seq": seq, "type": "withheld", "subject": None, "state": None}


def hello(head: int) -> dict[str, Any]:
    return {"kind": "hello", "head": head, "heartbeatSeconds": 0.1}


async def scripted(desk: Desk, *scripts: list[dict[str, Any]]) -> tuple[Live, Scripted, list[int]]:
    store, loads = Store(""), []

    async def load() -> None:
        loads.append(store.seq or 0)
        store.install({}, 10)

    live = Live(desk.api, store, load, desk.live(store).clock)
    live.api = type("Api", (), {"live": Scripted(*scripts)})()
    return live, live.api.live, loads  # type: ignore[return-value]


async def test_a_gap_reconnects_from_the_cursor(desk: Desk) -> None:
    live, feed, loads = await scripted(desk, [hello(13), event(11), event(13)], [hello(13), event(12), event(13)])
    async with following(live):
        await until(lambda: live.store.seq == 13)
    assert feed.cursors[:2] == [10, 11]
    assert len(loads) == 1


async def test_a_gap_that_stays_leads_to_a_reload(desk: Desk) -> None:
    gap = [hello(13), event(12)]
    live, _, loads = await scripted(desk, gap, gap, gap, [hello(10)])
    async with following(live):
        await until(lambda: len(loads) == 2)


async def test_a_heartbeat_ahead_and_silence_both_reconnect(desk: Desk) -> None:
    ahead = [hello(10), {"kind": "heartbeat", "head": 12}]
    live, feed, _ = await scripted(desk, ahead, [hello(10)], [hello(10), event(11)])
    async with following(live):
        await until(lambda: live.store.seq == 11)
    assert feed.cursors[:3] == [10, 10, 10]


async def test_a_sign_in_that_ended_stops_it(desk: Desk) -> None:
    store = Store(desk.me.member_id)
    live = desk.live(store)
    async with following(live) as task:
        await until(lambda: live.state.kind == "live")
        await desk.api.identity.sign_out()
        desk.api.transport.access_token = "nonsense"
        desk.api.transport.refresh_token = "hfr_nonsense"
        assert live._connection is not None
        await live._connection.drop()
        await until(task.done)
    assert live.state.kind == "ended"


async def test_presence_is_told_and_forgotten(desk: Desk) -> None:
    row = await desk.incidence()
    ravi = await desk.colleague()
    store = Store(desk.me.member_id)
    live = desk.live(store)
    async with following(live):
        await until(lambda: live.state.kind == "live")
        async with ravi.live.connect() as connection:
            await connection.be_at(row["incidenceId"], "typing")
            await until(lambda: row["incidenceId"] in store.presence)
            assert store.presence[row["incidenceId"]][0]["doing"] == "typing"
        await until(lambda: row["incidenceId"] not in store.presence)
    await ravi.transport.close()
