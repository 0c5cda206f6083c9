"""Why is this in my queue: the rule in its version, what it saw, and whoever moved the case since, in sentences."""

import pytest

from backend.client import ApiError
from backend.incidences.schemas import ChannelEscalate, EscalationTrigger, IncidenceChange
from backend.signals.schemas import SignalPost
from tests.support.backend import Backend
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


async def test_a_case_tells_its_rule_and_what_it_saw(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    case = await open_case(owner, orderValue=22_000)
    told = await agent.incidences.why(case.ref)
    routing = told["routing"]
    assert (routing["rule"], routing["version"], routing["versionInForce"]) == ("chat", 1, 1)
    assert {fact["name"]: fact["words"] for fact in routing["facts"]} == {
        "order_value": "22,000",
        "event_type": "unknown",
    }
    assert routing["words"].startswith("Medium order: when order value < 25,000 → chat")
    assert told["lines"] == [
        "Channels are chat: rule “Medium order” of the routing rules, version 1.",
        "It saw order value 22,000, event type unknown: order value 22,000: chat.",
        "Priority is 3 of 4, where the routing rule put it.",
        "Within its priority, whoever has waited for us longest comes first.",
        f"When it is due follows from rule “{told['deadline']['label']}” of the service levels, version 1: "
        f"{(await agent.incidences.show(case.ref)).sla_policy.text}.",
        "Friction is 10 now (version 1): first-time user +10.",
        "Nobody has it yet.",
    ]
    assert told["escalation"] is None


async def test_it_tells_the_version_of_then_not_of_now(backend: Backend) -> None:
    owner = await backend.owner()
    case = await open_case(owner, orderValue=22_000)
    rules = (await owner.rules.show("routing"))["rules"]
    rules[2]["label"] = "Renamed"
    await owner.rules.publish("routing", {"version": 1, "rules": rules, "reason": "another name"})
    told = await owner.incidences.why(case.incidence_id)
    assert told["lines"][0] == (
        "Channels are chat: rule “Medium order” of the routing rules, version 1; version 2 is in force now."
    )


async def test_it_tells_who_moved_it_since(backend: Backend) -> None:
    owner, supervisor = await backend.owner(), await backend.member("supervisor")
    case = await open_case(owner, orderValue=60_000)
    me = await supervisor.identity.me()
    await supervisor.incidences.take(case.ref)
    assert "Supervisor 2 took it." in (await owner.incidences.why(case.ref))["lines"]
    now = await owner.incidences.show(case.ref)
    await owner.incidences.change(case.ref, IncidenceChange(version=now.version, priority=1))
    body = {"incidenceId": case.incidence_id, "reason": "HIGH_VALUE"}
    await owner.escalations.trigger(EscalationTrigger.model_validate(body))
    told = await owner.incidences.why(case.ref)
    assert told["priority"] == told["priority"] | {"now": 1, "routed": 2}
    assert told["priority"]["movedBy"]["name"] == "Owner 1"
    assert (told["owner"]["agentId"], told["owner"]["how"]) == (me.member_id, "taken")
    escalation = told["escalation"]
    assert (escalation["rule"], escalation["level"], escalation["reason"]) == (
        "high_value",
        "SENIOR_AGENT",
        "HIGH_VALUE",
    )
    seen = {fact["name"]: fact["words"] for fact in escalation["facts"]}
    assert (seen["reason"], seen["order_value"], seen["priority"]) == ("HIGH_VALUE", "60,000", "1")
    backend.clock.advance(minutes=16)
    await backend.drain()
    told = await owner.incidences.why(case.ref)
    assert "It climbed from senior agent: nobody acknowledged it in time." in told["lines"]
    assert told["escalation"]["facts"] == escalation["facts"]


async def test_a_case_of_the_system_tells_the_friction_that_opened_it(backend: Backend) -> None:
    owner, key = await backend.owner(), await backend.key()
    for type, value in (*[("back_navigation", None)] * 4, ("inactivity", 90)):
        await key.context.signal("shopper", SignalPost(signal_type=type, value=value, screen="checkout"))
    await backend.drain()
    (case,) = (await owner.incidences.list()).items
    told = await owner.incidences.why(case.ref)
    assert f"It was opened by itself, when the score was {case.friction_score}." in told["lines"]
    assert {reason["rule"] for reason in told["friction"]["reasons"]} >= {"inactive", "going_back"}
    assert any("self-service" in line for line in told["lines"])
    escalated = ChannelEscalate(incidence_id=case.incidence_id, reason="they called us")
    await owner.channels.escalate(escalated)
    told = await owner.incidences.why(case.ref)
    assert "Owner 1 allowed the next channel later: they called us." in told["lines"]
    assert any("then moved by Owner 1" in line for line in told["lines"])


async def test_of_another_business_nothing_is_told(backend: Backend) -> None:
    case = await open_case(await backend.owner())
    stranger = await backend.another_owner()
    with pytest.raises(ApiError) as refusal:
        await stranger.incidences.why(case.incidence_id)
    assert refusal.value.status == 404
