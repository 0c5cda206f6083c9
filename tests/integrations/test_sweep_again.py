"""The reconcile sweep that cannot go on where it was, that is wanted while another one runs, or is answered with nonsense."""

from typing import Any

import pytest
from sqlalchemy import select
from starlette.responses import HTMLResponse, Response

from backend.demo.outside.talks import Mishap, Refusal
from backend.incidences.models import Incidence
from backend.integrations import sweep
from backend.integrations.models import Integration
from backend.integrations.platforms import BY_NAME
from backend.integrations.repository import job_key
from backend.integrations.schemas import IntegrationChange
from backend.jobs.models import PendingJob
from tests.integrations.conftest import Chat
from tests.integrations.outside import Line, connected


async def swept(line: Line) -> None:
    """Ask for a sweep, as an admin, and let it work."""
    await (await line.backend.owner()).integrations.sync(line.integration.id)
    await line.backend.drain()


def write_in(line: Line, count: int) -> None:
    """So many conversations begin, and no webhook tells of them."""
    for number in range(1, count + 1):
        line.backend.clock.advance(seconds=10)
        line.double.customer_says(str(number), f"m{number}", customer=str(number))
    line.double.told.clear()


async def told(chat: Chat, conversation: str) -> list[str]:
    case = await chat.incidence(conversation)
    assert case is not None
    return [text for _, text in await chat.told(case.id)]


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_place_that_the_platform_knows_no_more_begins_anew(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        line.double.page = 2
        write_in(line, 6)
        answer, has_begun, is_known = line.double.answer, False, True

        def forgetful(method: str, path: str, query: Any, body: dict[str, Any]) -> Any:
            nonlocal has_begun, is_known
            if path.endswith("/conversations"):
                has_begun |= query["page"] == "1"
                if query["page"] == "2" and is_known:
                    line.double.mishaps.append(Mishap("break", "GET"))  # the sweep stops on this page
                    is_known = has_begun = False
                elif query["page"] != "1" and not has_begun:
                    raise Refusal(status, "no such page")
            return answer(method, path, query, body)

        monkeypatch.setattr(line.double, "answer", forgetful)
        line.backend.clock.advance(minutes=20)  # no later sweep looks back so far
        await swept(line)
        (row,) = await chat.rows(Integration)
        assert row.sweep_cursor is not None
        for _ in range(2):
            line.backend.clock.advance(minutes=1)
            await swept(line)
        assert {row.summary for row in await chat.rows(Incidence)} == {f"m{number}" for number in range(1, 7)}
        for number in range(1, 7):
            assert await told(chat, str(number)) == [f"m{number}"]
        (row,) = await chat.rows(Integration)
        assert (row.sweep_cursor, row.swept_until, row.error) == (None, chat.at(0), None)


async def test_one_conversation_that_is_refused_holds_up_no_other(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        write_in(line, 3)
        answer = line.double.answer

        def without_two(method: str, path: str, query: Any, body: dict[str, Any]) -> Any:
            if "/conversations/2" in path:
                raise Refusal(410, "it was archived")
            return answer(method, path, query, body)

        monkeypatch.setattr(line.double, "answer", without_two)
        await swept(line)
        assert {row.summary for row in await chat.rows(Incidence)} == {"m1", "m3"}
        (row,) = await chat.rows(Integration)
        assert (row.sweep_cursor, row.swept_at) == (None, chat.at(0))


@pytest.mark.parametrize("has_begun", [True, False])
async def test_a_sweep_that_is_wanted_while_one_runs_comes_after_it(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, has_begun: bool
) -> None:
    monkeypatch.setattr(sweep, "PAGES_AT_ONCE", 2 if has_begun else 1)
    owner = await chat.backend.owner()
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        line.double.page = 1
        write_in(line, 2)
        read_back, seen = sweep.read_back, list[str]()

        async def beside(ctx: Any, account: Any, platform: str, conversation_id: str) -> None:
            seen.append(conversation_id)
            await read_back(ctx, account, platform, conversation_id)
            if seen == (["2", "1"] if has_begun else ["2"]):
                line.backend.clock.advance(minutes=1)
                line.double.customer_says("2", "just now", customer="2")  # which was read
                line.double.told.clear()
                await owner.integrations.sync(line.integration.id)
                if has_begun:
                    await ctx.write(lambda work: work.cancel(job_key("sweep", line.integration.id)))
                    await sweep.sweep(ctx, line.integration.id)

        monkeypatch.setattr(sweep, "read_back", beside)
        await swept(line)
        assert await told(chat, "2") == ["m2", "just now"]
        (row,) = await chat.rows(Integration)
        assert (row.sweep_cursor, row.swept_until) == (None, chat.at(0))
        assert len(seen) <= 5


async def test_a_sweep_that_is_wanted_in_a_pause_leaves_the_one_that_waits(chat: Chat) -> None:
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        write_in(line, 1)
        line.double.mishaps.append(Mishap("throttle", "GET", seconds=600))
        await swept(line)
        line.backend.clock.advance(minutes=1)
        await swept(line)
        waits = select(PendingJob.due_at).where(PendingJob.key == job_key("sweep", line.integration.id))
        due = await chat.backend.runtime.database.read(lambda session: session.scalars(waits).all())
        assert due == [chat.at(9)]
        await line.later(541)
        assert await told(chat, "1") == ["m1"]


def say_sorry(line: Line, monkeypatch: pytest.MonkeyPatch, on: str) -> None:
    """Whatever ends so is answered by a page of the platform's proxy, which says that all is well."""
    respond = line.double._respond

    async def sorry(request: Any, asked: str, body: dict[str, Any], mishap: Mishap | None) -> Response | None:
        if asked.endswith(on):
            return HTMLResponse("<p>We are back in a minute.</p>")
        return await respond(request, asked, body, mishap)

    monkeypatch.setattr(line.double, "_respond", sorry)


@pytest.mark.parametrize(("platform", "on"), [("chatwoot", "/conversations"), ("intercom", "/conversations/search")])
async def test_a_page_that_says_sorry_is_no_empty_list(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, platform: str, on: str
) -> None:
    async with connected(chat, platform, sends=["messages"]) as line:
        write_in(line, 1)
        line.backend.clock.advance(minutes=20)
        with monkeypatch.context() as while_it_lasts:
            say_sorry(line, while_it_lasts, on)
            await swept(line)
        (row,) = await chat.rows(Integration)
        assert (row.swept_at, row.error) == (None, f"{BY_NAME[platform].title} answered 200, but no JSON")


async def test_a_page_that_says_sorry_is_no_reason_to_send_a_message_again(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        await line.begin()
        line.double.mishaps.append(Mishap("break", "POST /conversations/1/messages", is_done=True))
        await line.send("on our way")
        with monkeypatch.context() as while_it_lasts:
            say_sorry(line, while_it_lasts, "GET /conversations/1/messages")
            for _ in range(10):
                await line.later(60)
        await line.settle(is_told=False)
        assert line.talk.answers == ["on our way"]
        assert {call.state for call in await line.calls()} == {"SENT"}


async def test_a_place_in_another_account_is_not_gone_on_with(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = await chat.backend.owner()
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        line.double.page = 2
        write_in(line, 4)
        answer = line.double.answer

        def breaks(method: str, path: str, query: Any, body: dict[str, Any]) -> Any:
            if path.endswith("/conversations") and query["page"] == "2":
                line.double.mishaps.append(Mishap("break", "GET"))
            return answer(method, path, query, body)

        with monkeypatch.context() as while_it_lasts:
            while_it_lasts.setattr(line.double, "answer", breaks)
            await swept(line)
        line.double.talks.clear()
        for number in range(5, 9):
            line.double.customer_says(str(number), f"m{number}", customer=str(number))
        line.double.told.clear()
        await owner.integrations.change(line.integration.id, IntegrationChange(account_id="2"))
        await line.later(901)
        assert {row.summary for row in await chat.rows(Incidence)} >= {f"m{number}" for number in range(5, 9)}
