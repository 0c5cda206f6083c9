"""The four things that agents of a platform see of our work: context, properties, who has it, and that it is over."""

from datetime import datetime
from typing import Any

import pytest

from backend.demo.outside.talks import Mishap
from backend.incidences.schemas import EscalationTrigger, IncidenceChange
from backend.signals.schemas import CartPut, ScreenPut, TrackEvent, UserSignalPost
from tests.integrations.conftest import Chat
from tests.integrations.outside import Line, connected
from tests.integrations.voices import PLATFORMS
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


async def change(line: Line, **fields: Any) -> None:
    case = await line.case()
    body = IncidenceChange.model_validate({"version": case.version, **fields})
    await (await line.backend.owner()).incidences.change(case.id, body)


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_new_conversation_gets_the_customers_context_as_one_private_note(chat: Chat, platform: str) -> None:
    app = await chat.backend.key()
    await app.context.set_screen("cust-1", ScreenPut(screen="checkout"))
    cart = {"cartItems": [{"name": "Paneer tray", "quantity": 2, "phone": "+91 90000 00001"}], "guestCount": 40}
    cart |= {"eventType": "WEDDING", "estimatedValue": 48_000, "selectedPlatter": {"name": "Royal"}}
    await app.context.set_cart("cust-1", CartPut.model_validate(cart))
    for _ in range(6):
        await app.friction.signal(UserSignalPost(user_id="cust-1", signal_type="price_check", flow="order"))
    async with connected(chat, platform) as line:
        line.double.customer_says("1", "Help", external_id="cust-1")
        await line.post(times=2)
        (note,) = line.talk.notes
        for told in (
            "Case: INC-",
            "Screen: checkout",
            "Cart: Royal, Paneer tray x 2",
            "Guests: 40",
            "Event: WEDDING",
            "Order value: INR 48000",
            "Friction: ",
            "-: checked the price 6 times",
        ):
            assert told in note
        assert "90000" not in note
        assert line.talk.answers == []
        case = await line.case()
        assert await chat.told(case.id) == [("message_received", "Help")]
        assert line.talk.properties["cf_holdfast_ref" if platform == "freshchat" else "holdfast_ref"]


async def test_several_changes_become_one_call_that_tells_the_last(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["properties"]) as line:
        await line.begin()
        line.double.mishaps.append(Mishap("throttle", "PUT", seconds=30))
        await change(line, orderValue=9_000, orderId="TT-1")
        await line.backend.drain()
        before = len(line.double.requests)
        await change(line, priority=2)
        await change(line, priority=1, eventType="WEDDING")
        await line.later(30)
        assert line.double.requests[before:] == ["PUT /conversations/1"]
        properties = line.talk.properties
        assert (properties["cf_holdfast_priority"], properties["cf_holdfast_order_id"]) == (1, "TT-1")
        assert (properties["cf_holdfast_order_value"], properties["cf_holdfast_event_type"]) == (9_000.0, "WEDDING")


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_who_has_the_case_has_the_conversation_by_map_or_address(chat: Chat, platform: str) -> None:
    mapped, named = await chat.backend.member("agent"), await chat.backend.member("agent")
    mapped_me, named_me = await mapped.identity.me(), await named.identity.me()
    groups = {"SENIOR_AGENT": "5", "TECH_TEAM": "6", "SUPERVISOR": "7"}
    more = {"agents": {"41": mapped_me.user.email}, "groups": groups, "sends": ["assignee"]}
    async with connected(chat, platform, **more) as line:
        line.double.agents = {named_me.user.email: "42", mapped_me.user.email: "41"}
        case = await line.begin()
        await mapped.incidences.take(case.id)
        await line.settle()
        assert line.talk.agent_id == "41"
        await change(line, agentId=named_me.member_id)
        await line.settle()
        assert line.talk.agent_id == "42"
        stranger = await chat.backend.member("agent")
        await change(line, agentId=(await stranger.identity.me()).member_id)
        await line.settle()
        (call,) = [call for call in await line.calls("ASSIGN") if call.state == "FAILED"]
        assert (call.error or "").startswith("no agent there has the address agent")
        await change(line, agentId=named_me.member_id)
        await named.escalations.trigger(EscalationTrigger(incidence_id=case.id, reason="SYSTEM_BUG"))
        await line.settle()
        assert (line.talk.agent_id, line.talk.group_id) == ("42", "6")
        version = (await line.case()).version
        await line.post(times=2)  # what we did comes back
        case = await line.case()
        assert (case.version, case.agent_id) == (version, named_me.member_id)
        await change(line, agentId=None)
        await line.settle()
        assert line.talk.agent_id is None


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_solved_here_is_resolved_there_and_the_other_way_round_without_ping_pong(
    chat: Chat, platform: str
) -> None:
    async with connected(chat, platform, sends=["messages", "status"]) as line:
        await line.begin()
        await line.send("Done")
        await change(line, outcome="RESOLVED")
        await line.settle()
        assert (line.talk.answers, line.talk.is_resolved) == (["Done"], True)
        version, asked = (await line.case()).version, len(line.double.requests)
        line.backend.clock.advance(seconds=30)
        await line.post(times=3)
        case = await line.case()
        assert (case.status, case.version, len(line.double.requests)) == ("CLOSED", version, asked)

        line.backend.clock.advance(minutes=1)
        await change(line, status="OPEN")
        await line.settle()
        assert not line.talk.is_resolved
        line.backend.clock.advance(minutes=1)
        line.double.set_resolved("1", True)  # by somebody there
        await line.post(times=2)
        case = await line.case()
        assert (case.status, case.resolution_type, line.talk.is_resolved) == ("CLOSED", platform, True)
        asked = len(line.double.requests)
        line.backend.clock.advance(minutes=1)
        line.double.customer_says("1", "One more thing")
        await line.post(times=2)
        case = await line.case()
        assert (case.status, case.reopen_count, line.talk.is_resolved) == ("OPEN", 2, False)
        assert len(line.double.requests) == asked


async def test_an_old_echo_of_our_resolving_does_not_close_what_was_opened_since(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["status"]) as line:
        await line.begin()
        await change(line, outcome="RESOLVED")
        await line.settle(is_told=False)
        late, line.double.told = line.double.told, []
        line.backend.clock.advance(minutes=2)
        await change(line, status="OPEN")
        line.double.told = late
        await line.post()  # while opening is still to be done there
        assert (await line.case()).status == "OPEN"
        await line.settle()
        assert ((await line.case()).status, line.talk.is_resolved) == ("OPEN", False)


async def test_a_message_that_the_agent_had_not_seen_when_solving_opens_the_case_again(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["status"]) as line:
        await line.begin()
        line.backend.clock.advance(seconds=10)
        line.double.customer_says("1", "Wait, one more thing")
        late, line.double.told = line.double.told, []
        line.backend.clock.advance(seconds=2)
        await change(line, outcome="RESOLVED")
        await line.settle()
        assert (await line.case()).status == "CLOSED"
        line.double.told = late
        await line.settle()
        assert ((await line.case()).status, line.talk.is_resolved) == ("OPEN", False)


async def test_a_refused_resolution_is_told_on_the_timeline_and_with_the_connection(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["status"]) as line:
        case = await line.begin()
        line.double.mishaps.append(Mishap("refuse", "PUT"))
        await change(line, outcome="RESOLVED")
        await line.settle()
        owner = await line.backend.owner()
        (entry,) = [one for one in (await owner.incidences.timeline(case.id)).items if one.type == "outgoing.failed"]
        assert entry.data["kind"] == "STATUS"
        assert "Fragment not supported" in entry.data["error"]
        (integration,) = (await owner.integrations.list()).items
        assert integration.outgoing == {"FAILED": 1}


async def test_when_the_order_is_placed_the_case_is_converted_and_the_conversation_resolved(chat: Chat) -> None:
    app = await chat.backend.key()
    async with connected(chat, "freshchat", sends=["messages", "status", "properties"]) as line:
        line.double.customer_says("1", "How many plates?", external_id="cust-1")
        await line.post()
        placed = UserSignalPost(user_id="cust-1", signal_type="order_placed", order_id="9000012345678", id="o-1")
        line.backend.clock.advance(seconds=5)
        for _ in range(2):  # the app tells it twice
            await app.friction.signal(placed)
        await line.settle()
        case = await line.case()
        assert (case.status, case.outcome, case.order_impact) == ("CLOSED", "CONVERTED", "PLACED")
        assert (case.order_id, case.version) == ("9000012345678", 3)
        assert line.talk.is_resolved
        assert line.talk.properties["cf_holdfast_order_id"] == "9000012345678"


async def test_an_order_closes_nothing_that_is_after_it_or_when_the_rules_say_so(chat: Chat) -> None:
    owner, app = await chat.backend.owner(), await chat.backend.key()
    before = await open_case(app, "asha", stage="POST_ORDER")
    placed_at = chat.backend.clock.now()
    chat.backend.clock.advance(minutes=1)
    after = await open_case(app, "asha")

    def placed(at: datetime, **properties: str) -> TrackEvent:
        return TrackEvent(customer_id="asha", event="Order Placed", timestamp=at, properties=properties)

    await app.tracking.track(placed(placed_at, order_id="TT-7"))
    await chat.backend.drain()
    for case in (before, after):
        assert (await owner.incidences.show(case.incidence_id)).status == "OPEN"
    for closes, status in ((False, "OPEN"), (True, "CLOSED")):
        rules = await owner.channels.rules()
        rules["settings"]["closesWhenOrdered"] = closes
        await owner.channels.set_rules(rules)
        await app.tracking.track(placed(chat.backend.clock.now()))
        await chat.backend.drain()
        assert (await owner.incidences.show(after.incidence_id)).status == status
