"""The reconcile sweep: what a platform dropped is repaired, once; and nothing else is touched."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.core.outside import Unclear
from backend.demo.outside.talks import Mishap
from backend.incidences.models import Incidence
from backend.incidences.schemas import IncidenceChange
from backend.integrations import service, sweep
from backend.integrations.models import Integration
from backend.integrations.schemas import IntegrationChange
from backend.work import Work
from tests.integrations.conftest import Chat
from tests.integrations.outside import Line, connected
from tests.integrations.voices import PLATFORMS

pytestmark = pytest.mark.alike


async def swept(line: Line) -> None:
    """Ask for a sweep, as an admin, and let it work."""
    await (await line.backend.owner()).integrations.sync(line.integration.id)
    await line.backend.drain()


def drop(line: Line) -> None:
    """The platform loses its webhooks."""
    line.double.told.clear()


async def test_one_that_is_stopped_takes_nothing_and_reads_it_back_when_it_goes_on(chat: Chat) -> None:
    owner = await chat.backend.owner()
    async with connected(chat, "chatwoot") as line:
        case = await line.begin("m1")
        await owner.integrations.change(line.integration.id, IntegrationChange(is_stopped=True))
        line.backend.clock.advance(minutes=1)
        line.double.customer_says("1", "m2")
        body, headers = line.double.told.pop()
        refused = await chat.post((body, headers), "/webhooks/chatwoot")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "STOPPED")
        await line.later(901)
        assert await chat.told(case.id) == [("message_received", "m1")]
        await owner.integrations.change(line.integration.id, IntegrationChange(is_stopped=False))
        await line.backend.drain()
        assert await chat.told(case.id) == [("message_received", "m1"), ("message_received", "m2")]


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_what_was_dropped_is_told_by_the_sweep_once(chat: Chat, platform: str) -> None:
    owner = await chat.backend.owner()
    email = (await owner.identity.me()).user.email
    async with connected(chat, platform, agents={"41": email}) as line:
        line.double.agents = {email: "41"}
        case = await line.begin("m1")
        line.backend.clock.advance(minutes=1)
        line.double.agent_says("1", "a1", agent_id="41")
        line.double.agent_says("1", "hush", agent_id="41", is_note=True)
        line.backend.clock.advance(minutes=1)
        line.double.customer_says("1", "m2")
        late = line.double.told[-1:]
        line.backend.clock.advance(minutes=1)
        line.double.give("1", "41")
        line.backend.clock.advance(minutes=1)
        line.double.set_resolved("1", True)
        if platform != "freshchat":  # which has no list of conversations
            line.double.customer_says("2", "hello from 2", customer="8", external_id="cust-8")
        drop(line)
        for _ in range(2):
            line.backend.clock.advance(minutes=1)
            await swept(line)
            case = await line.case()
            assert await chat.told(case.id) == [
                ("message_received", "m1"),
                ("message_sent", "a1"),
                ("message_received", "m2"),
            ]
            assert (case.status, case.resolution_type, case.agent_id) == (
                "CLOSED",
                platform,
                (await owner.identity.me()).member_id,
            )
        version = case.version
        line.double.told = late
        await line.post(times=2)  # it was only late
        assert (await line.case()).version == version
        line.backend.clock.advance(minutes=1)
        line.double.set_resolved("1", False)
        drop(line)
        await swept(line)
        case = await line.case()
        assert (case.status, case.reopen_count) == ("OPEN", 1)
        cases = await chat.rows(Incidence)
        assert len(cases) == (1 if platform == "freshchat" else 2)
        (shown,) = (await owner.integrations.list()).items
        assert (shown.swept_at, shown.error) == (chat.at(0), None)


async def test_the_sweep_comes_by_itself_every_quarter_of_an_hour(chat: Chat) -> None:
    async with connected(chat, "intercom") as line:
        await chat.backend.drain()  # the schedule is seen for the first time
        line.double.customer_says("1", "lost")
        drop(line)
        line.backend.clock.advance(minutes=15)
        await chat.backend.drain()
        assert (await line.case()).summary == "lost"


async def test_a_sweep_goes_on_where_it_was_cut_off_and_past_trouble(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "PAGES_AT_ONCE", 1)
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        line.double.page = 2
        for number in range(1, 7):
            line.backend.clock.advance(seconds=10)
            line.double.customer_says(str(number), f"m{number}", customer=str(number))
        drop(line)
        read_back, seen = sweep.read_back, list[str]()

        async def dies(ctx: Any, account: Any, platform: str, conversation_id: str) -> None:
            seen.append(conversation_id)
            if seen.count("3") == 1 and conversation_id == "3":
                raise RuntimeError("killed")
            await read_back(ctx, account, platform, conversation_id)

        monkeypatch.setattr(sweep, "read_back", dies)
        await swept(line)
        for _ in range(3):
            await line.later(120)
        assert len(await chat.rows(Incidence)) == 6
        assert seen == ["6", "5", "4", "3", "4", "3", "2", "1"]
        (shown,) = (await (await chat.backend.owner()).integrations.list()).items
        assert shown.swept_at is not None


async def test_a_sweep_that_goes_on_later_loses_nothing_that_moved_meanwhile(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        line.double.page = 2
        for number in range(1, 7):
            line.backend.clock.advance(seconds=10)
            line.double.customer_says(str(number), f"m{number}", customer=str(number))
        read_back, has_failed = sweep.read_back, False

        async def fails_once(ctx: Any, account: Any, platform: str, conversation_id: str) -> None:
            nonlocal has_failed
            if conversation_id == "3" and not has_failed:
                has_failed = True
                raise Unclear("nothing sensible was answered")
            await read_back(ctx, account, platform, conversation_id)

        monkeypatch.setattr(sweep, "read_back", fails_once)
        line.backend.clock.advance(minutes=20)  # no later sweep looks back so far
        await swept(line)
        line.backend.clock.advance(minutes=1)
        line.double.customer_says("5", "while it was cut off", customer="5")  # on a page that is not read again
        drop(line)
        del line.double.talks["4"]  # which was done: all after it move up
        line.backend.clock.advance(minutes=15)
        await swept(line)
        assert {row.summary for row in await chat.rows(Incidence)} == {f"m{number}" for number in range(1, 7)}
        line.backend.clock.advance(minutes=15)
        await swept(line)
        five = await chat.incidence("5")
        assert five is not None
        assert [text for _, text in await chat.told(five.id)] == ["m5", "while it was cut off"]


def test_a_place_that_was_kept_without_its_beginning_begins_anew() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert sweep.Place.parse("3:2", now) == sweep.Place.parse(None, now) == sweep.Place(now)


async def test_a_sweep_that_another_one_overtook_moves_nothing_back(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        line.double.page = 1
        line.double.customer_says("1", "m1", customer="1")
        line.backend.clock.advance(seconds=10)
        line.double.customer_says("2", "m2", customer="2")
        drop(line)
        read_back, seen = sweep.read_back, list[str]()

        async def overtaken(ctx: Any, account: Any, platform: str, conversation_id: str) -> None:
            seen.append(conversation_id)
            if len(seen) == 1:
                line.backend.clock.advance(minutes=1)
                await sweep.sweep(ctx, line.integration.id)
            await read_back(ctx, account, platform, conversation_id)

        monkeypatch.setattr(sweep, "read_back", overtaken)
        await swept(line)
        assert seen == ["2", "2", "1"]
        (row,) = await chat.rows(Integration)
        assert (row.sweep_cursor, row.swept_until) == (None, chat.at(0))


async def test_what_was_closed_and_given_here_before_anything_was_connected_stays_so(chat: Chat) -> None:
    owner = await chat.backend.owner()
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        case = await line.begin()
        await owner.incidences.take(case.id)
        version = (await line.case()).version
        await owner.incidences.change(case.id, IncidenceChange(version=version, outcome="RESOLVED"))
        await line.settle()
        assert not line.talk.is_resolved
        line.backend.clock.advance(minutes=5)
        line.double.agent_says("1", "internal", agent_id="41", is_note=True)  # it was touched there
        drop(line)
        await swept(line)
        now = await line.case()
        assert (now.status, now.agent_id) == ("CLOSED", (await owner.identity.me()).member_id)


async def test_a_sweep_that_is_told_to_wait_waits(chat: Chat) -> None:
    async with connected(chat, "intercom") as line:
        line.double.customer_says("1", "lost")
        drop(line)
        line.double.mishaps.append(Mishap("throttle", "search", seconds=40))
        await swept(line)
        (shown,) = (await (await chat.backend.owner()).integrations.list()).items
        assert (shown.error or "").startswith("Intercom answered 429")
        asked = len(line.double.requests)
        await line.later(39)
        assert len(line.double.requests) == asked
        await line.later(1)
        assert (await line.case()).summary == "lost"


async def test_a_page_that_is_cut_off_again_and_again_is_finished_all_the_same(chat: Chat) -> None:
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        for number in range(1, 5):
            line.double.customer_says(str(number), f"m{number}", customer=str(number))
        drop(line)
        line.double.mishaps += [Mishap("throttle", f"conversations/{number}", seconds=5) for number in (2, 3, 4)]
        await swept(line)
        for _ in range(4):
            await line.later(5)
        assert len(await chat.rows(Incidence)) == 4
        read = [asked for asked in line.double.requests if asked.endswith("conversations/1")]
        assert len(read) == 2  # the conversation and how it stands: once, though the page was begun four times


@pytest.mark.parametrize("fails", [0, 1])
async def test_a_conversation_whose_beginning_was_dropped_is_read_back_when_something_else_is_told(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    process, tries = service.process, list[str]()

    def fails_at_first(work: Work, delivery_id: str) -> None:
        tries.append(delivery_id)
        if len(tries) <= fails:
            raise RuntimeError("not this time")
        process(work, delivery_id)

    monkeypatch.setattr(service, "process", fails_at_first)
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        line.double.customer_says("1", "the first", external_id="cust-1")
        drop(line)
        line.double.set_resolved("1", True)
        await line.post()
        assert await chat.rows(Incidence) == []
        for _ in range(1 + fails):
            await line.later(60)
        case = await line.case()
        assert await chat.told(case.id) == [("message_received", "the first")]
        assert case.status == "CLOSED"
