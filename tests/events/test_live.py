"""/live: nothing missed, nothing twice, whoever comes and goes; nobody listens who may not."""

import asyncio
from typing import Any

import pytest

from backend.client import Client
from backend.events import feed
from backend.identity.schemas import BusinessChange, KeyCreate
from tests.support.backend import Backend, business_of
from tests.support.socket import Socket


async def rename(client: Client, times: int = 1) -> None:
    """Make `times` events that everybody may see."""
    business = (await client.identity.me()).business
    for number in range(times):
        body = BusinessChange(version=business.version + number, name=f"Name {business.version + number}")
        await client.businesses.change(business.id, body)


def line(backend: Backend, client: Client, after: int | None = None) -> Socket:
    path = "/live" if after is None else f"/live?after={after}"
    return Socket(backend.app, path, token=client.transport.access_token)


async def head_of(backend: Backend, client: Client) -> int:
    async with line(backend, client) as socket:
        head: int = (await socket.next("hello"))["head"]
        return head


async def test_an_event_arrives_with_its_state(backend: Backend) -> None:
    owner = await backend.owner()
    async with line(backend, owner) as socket:
        hello = await socket.next()
        await rename(owner)
        event = await socket.next("event")
    assert hello["kind"] == "hello"
    assert event["seq"] == hello["head"] + 1
    assert event["type"] == "business.changed"
    assert event["subject"] == {"type": "business", "id": await business_of(owner)}
    assert event["state"]["version"] == 2
    assert event["actor"]["name"] == "Owner 1"


async def test_another_business_hears_nothing(backend: Backend) -> None:
    owner, other = await backend.owner(), await backend.another_owner()
    async with line(backend, other) as socket:
        await socket.next("hello")
        await rename(owner, 3)
        await rename(other)
        event = await socket.next("event")
    assert event["subject"]["id"] == await business_of(other)


async def test_a_resumed_client_gets_what_it_missed_once_and_in_order(backend: Backend) -> None:
    owner = await backend.owner()
    async with line(backend, owner) as socket:
        head = (await socket.next("hello"))["head"]
        await rename(owner, 3)
        seen = [event["seq"] for event in await socket.events(2)]  # cut off in the middle
    writing = asyncio.create_task(rename(owner, 20))
    while len(seen) < 23:
        async with line(backend, owner, seen[-1]) as socket:
            seen += [event["seq"] for event in await socket.events(min(5, 23 - len(seen)))]
    await writing
    assert seen == list(range(head + 1, head + 24))


async def test_a_replay_longer_than_a_page_is_whole(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PAGE", 4)
    monkeypatch.setattr("backend.events.live.PAGE", 4)
    owner = await backend.owner()
    start = await head_of(backend, owner)
    await rename(owner, 11)
    async with line(backend, owner, start) as socket:
        seen = [event["seq"] for event in await socket.events(11)]
        await rename(owner, 9)
        seen += [event["seq"] for event in await socket.events(9)]
    assert seen == list(range(start + 1, start + 21))


async def test_writers_at_once_leave_no_gap_for_a_follower(backend: Backend) -> None:
    owner = await backend.owner()
    async with line(backend, owner) as socket:
        head = (await socket.next("hello"))["head"]
        await asyncio.gather(*(owner.keys.create(KeyCreate(name=f"key {number}")) for number in range(20)))
        assert [event["seq"] for event in await socket.events(20)] == list(range(head + 1, head + 21))


@pytest.mark.settings(feed_keep_events=5)
async def test_too_old_a_cursor_gets_resync_and_then_what_is_new(backend: Backend) -> None:
    owner = await backend.owner()
    start = await head_of(backend, owner)
    await rename(owner, 6)
    async with line(backend, owner, start) as socket:
        resync = await socket.next("resync")
        await rename(owner)
        assert (await socket.next("event"))["seq"] == start + 7
    assert (resync["oldest"], resync["head"]) == (start + 1, start + 6)
    async with line(backend, owner, start + 2) as socket:
        assert len(await socket.events(5)) == 5


async def test_a_cursor_from_another_history_gets_resync(backend: Backend) -> None:
    owner = await backend.owner()
    async with line(backend, owner, 1_000_000) as socket:
        await socket.next("hello")
        assert (await socket.next())["kind"] == "resync"


async def test_a_cursor_ahead_of_a_slow_channel_is_believed(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process has told the client more than this one has read yet."""
    owner = await backend.owner()
    async with line(backend, owner) as first:
        head = (await first.next("hello"))["head"]
        await rename(owner, 2)
        assert len(await first.events(2)) == 2
        channel = backend.runtime.feed.channels[await business_of(owner)]
        channel.head = head
        async with line(backend, owner, head + 2) as second:
            await second.next("hello")
            await rename(owner)
            frame = await second.next()
            assert (frame["kind"], frame["seq"]) == ("event", head + 3)


@pytest.mark.settings(heartbeat_seconds=0.05)
async def test_heartbeats_carry_the_seq_that_was_reached(backend: Backend) -> None:
    owner = await backend.owner()
    async with line(backend, owner) as socket:
        head = (await socket.next("hello"))["head"]
        assert (await socket.next("heartbeat"))["head"] == head
        await rename(owner)
        await socket.next("event")
        assert (await socket.next("heartbeat"))["head"] == head + 1


async def test_a_slow_client_is_cut_off_and_others_are_not(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SLOW_AFTER", 5)
    monkeypatch.setattr("backend.events.live._GOODBYE_SECONDS", 0.2)
    owner = await backend.owner()
    async with line(backend, owner) as slow, line(backend, owner) as quick:
        await slow.next("hello")
        head = (await quick.next("hello"))["head"]
        slow.reads.clear()
        for number in range(8):
            await rename(owner)
            assert (await quick.next("event"))["seq"] == head + number + 1
        async with asyncio.timeout(5):
            await slow.closed.wait()
        assert not quick.closed.is_set()
    assert len(backend.runtime.feed.channels) == 0


@pytest.mark.settings(heartbeat_seconds=0.05)
async def test_signing_out_closes_the_line_within_a_heartbeat(backend: Backend) -> None:
    agent = await backend.member("agent")
    async with line(backend, agent) as socket:
        await socket.next("heartbeat")
        await agent.identity.sign_out()
        async with asyncio.timeout(2):
            await socket.closed.wait()
        assert socket.close_code == 4001


@pytest.mark.settings(heartbeat_seconds=0.05)
async def test_an_expired_token_closes_the_line_within_a_heartbeat(backend: Backend) -> None:
    agent = await backend.member("agent")
    async with line(backend, agent) as socket:
        await socket.next("heartbeat")
        backend.clock.advance(days=7, seconds=1)
        async with asyncio.timeout(2):
            await socket.closed.wait()
        assert socket.close_code == 4001


async def test_who_may_not_know_gets_the_seq_and_nothing_else(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    admin = await backend.member("admin")
    async with line(backend, agent) as low, line(backend, admin) as high:
        await low.next("hello")
        await high.next("hello")
        await owner.keys.create(KeyCreate(name="secret project"))
        withheld, shown = await low.next("event"), await high.next("event")
    assert withheld == {"kind": "event", "seq": shown["seq"], "type": "withheld", "subject": None, "state": None}
    assert shown["type"] == "key.created"
    assert shown["data"]["name"] == "secret project"


@pytest.mark.settings(heartbeat_seconds=0.05)
async def test_a_demoted_admin_stops_seeing_at_the_next_heartbeat(backend: Backend) -> None:
    from backend.identity.schemas import MemberChange

    owner, admin = await backend.owner(), await backend.member("admin")
    me = await admin.identity.me()
    async with line(backend, admin) as socket:
        await socket.next("heartbeat")
        await owner.businesses.change_member(me.business.id, me.member_id, MemberChange(role="agent"))
        assert (await socket.next("event"))["type"] == "member.changed"
        await socket.next("heartbeat")
        await socket.next("heartbeat")
        await owner.keys.create(KeyCreate(name="later"))
        assert (await socket.next("event"))["type"] == "withheld"


async def test_presence_comes_goes_and_is_told_to_newcomers(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    async with line(backend, owner) as watching:
        async with line(backend, agent) as other:
            other.say({"kind": "presence", "incidenceId": "one", "doing": "viewing"})
            assert [member["doing"] for member in (await watching.next("presence"))["members"]] == ["viewing"]
            other.say({"kind": "presence", "incidenceId": "one", "doing": "typing"})
            typing = await watching.next("presence")
            assert typing["incidenceId"] == "one"
            assert typing["members"] == [
                {"id": (await agent.identity.me()).member_id, "name": "Agent 2", "doing": "typing"}
            ]
            async with line(backend, owner) as late:
                assert (await late.next("presence")) == typing
            other.say({"kind": "presence", "incidenceId": "two"})
            assert (await watching.next("presence"))["members"] == []
            assert (await watching.next("presence"))["incidenceId"] == "two"
        gone = await watching.next("presence")
        assert (gone["incidenceId"], gone["members"]) == ("two", [])


@pytest.mark.parametrize("said", ["not json", "[]", '{"kind": "presence", "incidenceId": 7}', '{"kind": 1}', "null"])
async def test_what_a_client_babbles_is_ignored(backend: Backend, said: str) -> None:
    owner = await backend.owner()
    async with line(backend, owner) as socket:
        await socket.next("hello")
        socket.say(said)
        socket.say({"kind": "presence", "incidenceId": "\x1b[31mone", "doing": "dancing"})
        frame = await socket.next("presence")
    assert frame["incidenceId"] == "[31mone"
    assert frame["members"][0]["doing"] == "viewing"


async def test_the_token_may_come_as_the_first_frame(backend: Backend) -> None:
    owner = await backend.owner()
    async with Socket(backend.app) as socket:
        assert socket.status == 101
        socket.say({"token": owner.transport.access_token})
        assert (await socket.next())["kind"] == "hello"


@pytest.mark.parametrize("first", ["not json", {"token": 7}, {"token": "garbage"}, {"kind": "presence"}])
async def test_a_wrong_first_frame_closes(backend: Backend, first: Any) -> None:
    async with Socket(backend.app) as socket:
        socket.say(first)
        async with asyncio.timeout(2):
            await socket.closed.wait()
        assert socket.close_code == 4001


async def test_silence_instead_of_a_token_closes(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.events.door._FIRST_FRAME_SECONDS", 0.05)
    async with Socket(backend.app) as socket:
        async with asyncio.timeout(2):
            await socket.closed.wait()
        assert socket.close_code == 4001


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "99999999999999999999999", "²"])
async def test_a_cursor_that_is_none_is_refused(backend: Backend, after: str) -> None:
    owner = await backend.owner()
    async with Socket(backend.app, f"/live?after={after}", token=owner.transport.access_token) as socket:
        assert (socket.status, socket.refusal["error"]["code"]) == (400, "VALIDATION_ERROR")


async def test_a_bad_token_is_refused_before_the_upgrade(backend: Backend) -> None:
    async with Socket(backend.app, token="garbage") as socket:
        assert (socket.status, socket.refusal["error"]["code"]) == (401, "INVALID_TOKEN")
        assert socket.refusal["success"] is False


async def test_who_moves_without_end_drowns_nobody(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    async with line(backend, owner) as watching, line(backend, agent) as restless:
        for number in range(400):
            restless.say({"kind": "presence", "incidenceId": f"place {number}"})
        await watching.next("presence")
        await asyncio.sleep(0.25)
        assert watching._from_app.qsize() < 20


async def test_nothing_is_kept_of_who_has_left(backend: Backend) -> None:
    owner = await backend.owner()
    async with line(backend, owner) as socket:
        socket.say({"kind": "presence", "incidenceId": "one"})
        await socket.next("presence")
    assert backend.runtime.presence._places == {}


@pytest.mark.settings(live_per_member=2)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_line_too_many_is_refused_and_the_others_go_on(backend: Backend) -> None:
    owner, colleague = await backend.owner(), await backend.member("agent")
    async with line(backend, owner) as first, line(backend, owner) as second, line(backend, colleague) as theirs:
        for socket in (first, second, theirs):
            await socket.next("hello")
        async with line(backend, owner) as third:
            async with asyncio.timeout(2):
                await third.closed.wait()
            assert (third.close_code, third._from_app.qsize()) == (4029, 0)
        await rename(owner)
        for socket in (first, second, theirs):
            await socket.next("event")
    async with line(backend, owner) as again:
        assert await again.next("hello")
