"""What agents write reaches the customer by the platform: in order, once, and told when it does not."""

import asyncio
from typing import Any

import pytest

from backend.client import ApiError
from backend.core import outside
from backend.demo.outside.talks import Mishap
from backend.incidences.link_schemas import Merge
from backend.incidences.schemas import MessageSend
from backend.integrations import carrier
from backend.integrations.repository import job_key
from backend.work import Work
from tests.integrations.conftest import Chat
from tests.integrations.outside import Line, connected
from tests.integrations.voices import PLATFORMS
from tests.support.follows import follows
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike

TEXT = "Both are <vegan> & fresh.\nEnjoy, it's 100 %!"


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_an_answer_reaches_the_customer_once_and_its_echo_is_no_second_message(chat: Chat, platform: str) -> None:
    async with connected(chat, platform) as line:
        case = await line.begin()
        owner = await line.backend.owner()
        async with follows(line.backend, owner) as frames:
            seq = await line.send(TEXT)
            await line.send("And nut-free")
            await line.backend.drain()
            await line.post(times=3)  # the echo, three times
        assert line.talk.answers == [TEXT, "And nut-free"]
        assert [call.state for call in await line.calls()] == ["SENT", "SENT"]
        told = [frame["data"]["messageSeq"] for frame in frames if frame["type"] == "outgoing.sent"]
        assert told == [seq, seq + 1]
        (entry,) = [frame for frame in frames if frame["seq"] == seq]
        assert entry["data"] == {"text": TEXT, "via": platform}
        assert await chat.told(case.id) == [
            ("message_received", "Is it vegan?"),
            ("message_sent", TEXT),
            ("message_sent", "And nut-free"),
        ]


MISHAPS = {
    "throttled": Mishap("throttle", "POST", seconds=30),
    "refused and not done": Mishap("refuse", "POST"),
    "refused and delivered": Mishap("refuse", "POST", is_done=True),
    "broken and not done": Mishap("break", "POST"),
    "broken and delivered": Mishap("break", "POST", is_done=True),
    "cut and not done": Mishap("cut", "POST"),
    "cut and delivered": Mishap("cut", "POST", is_done=True),
}


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_whatever_goes_wrong_a_message_is_there_once(chat: Chat, platform: str) -> None:
    """The echo does not come: reading back alone must tell. What is refused and not there is told as failed."""
    async with connected(chat, platform, sends=["messages"]) as line:
        await line.begin()
        for name, mishap in MISHAPS.items():
            line.double.mishaps.append(Mishap(**vars(mishap)))
            await line.send(name)
            await line.settle(is_told=False)
            assert line.double.mishaps == []
            assert line.talk.answers.count(name) == (name != "refused and not done"), name
        states = {call.state for call in await line.calls()}
        assert states == {"SENT", "FAILED"}
        (failed,) = [call for call in await line.calls() if call.state == "FAILED"]
        assert "400: Fragment not supported in conversation" in (failed.error or "")

        owner = await line.backend.owner()
        with pytest.raises(ApiError, match="sent") as refused:
            await owner.outgoing.retry((await line.calls())[0].id)
        assert refused.value.code == "NOT_FAILED"
        await owner.outgoing.retry(failed.id)
        await line.settle()
        assert line.talk.answers.count("refused and not done") == 1
        assert len(line.talk.answers) == len(MISHAPS)
        case = await line.case()
        assert len(await chat.told(case.id)) == 1 + len(MISHAPS)


async def test_no_answer_in_time_is_not_taken_for_not_delivered(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delivered before the time was up, and while nobody waited any more."""
    monkeypatch.setattr(outside, "TIMEOUT_SECONDS", 1.0)
    async with connected(chat, "chatwoot", sends=["messages"]) as line:
        await line.begin()
        for text, is_done in (("at once", True), ("late", False)):
            line.double.mishaps.append(Mishap("delay", "POST", is_done=is_done, seconds=2.0))
            await line.send(text)
            await line.backend.drain()
            assert [(call.state, call.doubt) for call in await line.calls()][-1] == ("UNKNOWN", "UNCLEAR")
            await asyncio.sleep(2.5)
            await line.settle(is_told=False)
            assert line.talk.answers.count(text) == 1
        assert {(call.state, call.tries) for call in await line.calls()} == {("SENT", 1)}


async def test_a_message_that_was_delivered_although_it_was_refused_is_mended_by_its_late_echo(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        case = await line.begin()
        line.double.mishaps.append(Mishap("refuse", "POST"))
        await line.send("Yes")
        await line.settle(is_told=False)
        assert [call.state for call in await line.calls()] == ["FAILED"]
        line.double.agent_says("1", "Yes", agent_id=line.double.agent_id)
        await line.post()
        assert [call.state for call in await line.calls()] == ["SENT"]
        assert await chat.told(case.id) == [("message_received", "Is it vegan?"), ("message_sent", "Yes")]


async def test_taken_for_later_is_sent_once_it_is_seen_and_failed_when_it_never_is(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        await line.begin()
        for text in ("comes", "never comes"):
            line.double.mishaps.append(Mishap("accept", "POST"))
            await line.send(text)
        await line.backend.drain()
        assert [(call.state, call.doubt) for call in await line.calls()] == [("UNKNOWN", "ACCEPTED"), ("QUEUED", None)]
        await line.later(5)  # looked for, and not there yet
        line.double.deliver_accepted()
        line.double.told.clear()
        await line.later(15)
        assert [call.state for call in await line.calls()] == ["SENT", "UNKNOWN"]
        await line.settle(is_told=False)
        assert [call.state for call in await line.calls()] == ["SENT", "FAILED"]
        assert line.talk.answers == ["comes"]


async def test_retry_after_holds_back_the_whole_account_and_no_sooner_try_is_made(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        await line.begin()
        line.double.mishaps.append(Mishap("throttle", "POST", seconds=90))
        await line.send("one")
        await line.backend.drain()
        await line.send("two")
        asked = len(line.double.requests)
        await line.later(89)
        assert len(line.double.requests) == asked
        (integration,) = (await (await line.backend.owner()).integrations.list()).items
        assert integration.error is not None
        assert integration.error.startswith("Freshchat answered 429")
        assert integration.outgoing == {"QUEUED": 2}
        await line.later(1)
        assert line.talk.answers == ["one", "two"]
        (integration,) = (await (await line.backend.owner()).integrations.list()).items
        assert (integration.error, integration.outgoing) == (None, {})


async def test_our_own_limit_spreads_requests_over_the_minutes(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["messages"], perMinute=2) as line:
        await line.begin()
        for number in range(4):
            await line.send(f"m{number}")
        await line.backend.drain()
        assert line.talk.answers == ["m0", "m1"]
        await line.later(60)
        assert len(line.double.requests) <= 4
        await line.settle()
        assert line.talk.answers == ["m0", "m1", "m2", "m3"]


class Died(BaseException):
    """Stands for a kill."""


async def carry(line: Line, job_id: str, *, dies: str = "") -> None:
    """What the job does, by hand, up to where it dies."""
    units, runtime = await line.backend.units(), line.backend.runtime

    def take(work: Work) -> Any:
        return carrier.take(work, line.platform, "1", job_id, runtime.vault)

    while step := await units.write(take):
        if dies == "before the call":
            raise Died
        outcome = await carrier.make(step, runtime.outside)
        if dies == "before it is written down":
            raise Died
        await units.write(carrier.settle, step, job_id, outcome)


@pytest.mark.parametrize("is_same_job", [True, False], ids=["taken up", "by another"])
async def test_a_kill_between_call_and_record_sends_nothing_twice(chat: Chat, is_same_job: bool) -> None:
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        await line.begin()
        for moment in ("before the call", "before it is written down"):
            await line.backend.rest()
            await line.send(moment)
            with pytest.raises(Died):
                await carry(line, "job-1", dies=moment)
            if not is_same_job:  # nobody else touches it while it is held
                await carry(line, "job-2")
                assert [call.state for call in await line.calls()][-1] == "SENDING"
                line.backend.clock.advance(minutes=3)
            await carry(line, "job-1" if is_same_job else "job-2")
            await line.settle(is_told=False)
            assert line.talk.answers.count(moment) == 1
        assert {call.state for call in await line.calls()} == {"SENT"}


async def test_a_message_whose_job_is_gone_is_sent_all_the_same(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        await line.begin()
        await line.send("on our way")
        units = await chat.backend.units()
        await units.write(lambda work: work.cancel(job_key("carry", "freshchat", "1")))  # as a dead letter leaves it
        await line.later(60)
        assert line.talk.answers == []
        await line.later(1_800)
        assert line.talk.answers == ["on our way"]


async def test_two_workers_and_two_agents_at_once_send_each_message_once_and_in_order(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        await line.begin()
        texts = [f"m{number}" for number in range(5)]
        await line.backend.rest()
        for text in texts:
            await line.send(text)
        await asyncio.gather(*(carry(line, f"job-{number}") for number in range(4)))
        await line.settle()
        assert line.talk.answers == texts


async def test_without_a_connection_the_message_is_told_as_not_delivered_and_why(chat: Chat) -> None:
    await chat.tell(chat.freshchat.message_create("1", "Hi", user_id="u1", at=chat.at(-1)))
    line = Line(chat, "freshchat", None)  # type: ignore[arg-type]
    await line.send("Hello")
    await chat.backend.drain()
    (call,) = await line.calls()
    assert call.state == "FAILED"
    assert call.error == (
        "Freshchat is not connected for sending: an admin must set the address of its API, its API token, the agent"
        " that messages are written by"
    )


async def test_a_case_without_a_conversation_calls_nobody(chat: Chat) -> None:
    owner = await chat.backend.owner()
    case = await open_case(owner)
    posted = await owner.incidences.send(case.incidence_id, MessageSend(text="Hi", last_seen_seq=case.last_seq))
    await chat.backend.drain()
    assert "via" not in (await owner.incidences.timeline(case.incidence_id)).items[-1].data
    assert (await owner.outgoing.list()).items == []
    assert posted.incidence.status == "WAITING"


async def test_after_a_merge_the_conversation_follows_the_other_case_and_is_not_resolved(chat: Chat) -> None:
    owner = await chat.backend.owner()
    me = (await owner.identity.me()).member_id
    async with connected(chat, "freshchat", sends=["messages", "status", "assignee"]) as line:
        line.double.agents = {(await owner.identity.me()).user.email: "41"}
        line.double.customer_says("1", "Hi", external_id="cust-1")
        await line.post()
        case = await line.case()
        other = await owner.incidences.take((await open_case(owner, "cust-1")).incidence_id)
        body = Merge(into=other.incidence_id, version=case.version, into_version=other.version)
        await owner.incidences.merge(case.id, body)
        await line.settle()
        assert (line.talk.is_resolved, line.talk.agent_id) == (False, "41")
        now = await line.case()
        assert (now.id, now.agent_id) == (other.incidence_id, me)
        await line.send("In one place now")
        await line.settle()
        assert line.talk.answers == ["In one place now"]


async def test_erasing_a_customer_leaves_nothing_to_send(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        case = await line.begin()
        line.double.mishaps.append(Mishap("throttle", "POST", seconds=60))
        await line.send("Dear Meera")
        await line.backend.drain()
        await (await line.backend.owner()).customers.erase(case.customer_id)
        assert await line.calls() == []
        await line.later(60)
        assert line.talk.answers == []
