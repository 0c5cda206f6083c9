"""Policies of service levels: whose targets they are, hours and holidays, what changes in flight, and what is refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.customers.schemas import CustomerChange
from backend.identity.schemas import BusinessChange
from backend.rules.problems import InvalidRules
from backend.rules.shipped.sla import SLA
from tests.support.backend import Backend, business_of
from tests.support.follows import follows
from tests.support.incidences import open_case
from tests.support.sla import (
    FIRST,
    HOUR,
    MINUTE,
    OFFICE,
    answer,
    change,
    gold_case,
    panel_of,
    publish,
    timers_of,
    to,
    told_of,
)

pytestmark = pytest.mark.alike


async def test_hours_holidays_and_the_zone_of_the_business(backend: Backend) -> None:
    owner, agent, key = await backend.owner(), await backend.member("agent"), await backend.key()
    business = await owner.businesses.show(await business_of(owner))
    await owner.businesses.change(business.id, BusinessChange(version=1, time_zone="Europe/Berlin"))
    holidays = [{"date": "2026-03-30", "name": "Founders' day"}]
    await publish(owner, targets=(1800, None, 9 * 3600), hours=OFFICE, holidays=holidays, warnBeforeSeconds=600)
    berlin = ZoneInfo("Europe/Berlin")

    def here(day: int, clock: str) -> datetime:
        return datetime.fromisoformat(f"2026-03-{day} {clock}").replace(tzinfo=berlin).astimezone(UTC)

    await to(backend, here(27, "17:45:00"))  # a Friday, and the clock is put forward on Sunday
    case = await open_case(key)
    assert case.first_response_due_at == here(31, "09:15:00"), "Monday is a holiday"
    assert case.sla_risk_at == here(31, "09:07:30")
    assert case.resolution_due_at == here(31, "17:45:00")
    assert (await panel_of(agent, case)).counts_from is None
    await to(backend, here(28, "12:00:00"))
    panel = await panel_of(agent, case)
    assert (panel.counts_from, panel.time_zone) == (here(31, "09:00:00"), "Europe/Berlin")
    assert [target.used_seconds for target in panel.targets] == [900, 900]
    late = await open_case(key, "late")
    assert late.first_response_due_at == here(31, "09:30:00")
    await to(backend, here(31, "09:07:29"))
    assert await told_of(agent, case) == [], "nobody is alarmed at night, on a weekend or on a holiday"
    await to(backend, here(31, "09:07:30"))
    assert await told_of(agent, case) == [("warned", FIRST)]
    await to(backend, here(31, "09:15:00"))
    assert await told_of(agent, case) == [("warned", FIRST), ("breached", FIRST)]
    version = (await owner.businesses.show(business.id)).version
    await owner.businesses.change(business.id, BusinessChange(version=version, time_zone="Europe/London"))
    await backend.drain()
    moved = await agent.incidences.show(late.incidence_id)
    assert moved.first_response_due_at == here(31, "10:30:00")


async def test_a_policy_that_changes_in_flight(backend: Backend) -> None:
    owner, agent, key = await backend.owner(), await backend.member("agent"), await backend.key()
    case, answered = await gold_case(backend, key), await gold_case(backend, key, "u-2")
    start = backend.clock.now()
    await answer(agent, answered)
    await to(backend, start + 5 * MINUTE)
    async with follows(backend, agent):
        await publish(owner, targets=(1200, 600, None))
        await backend.drain()
    moved = await agent.incidences.show(case.incidence_id)
    assert (moved.sla_state, moved.first_response_due_at) == ("ON_TRACK", start + 20 * MINUTE)
    assert (moved.resolution_due_at, moved.sla_policy and moved.sla_policy.version) == (None, 2)
    assert (moved.sla_breached, moved.sla_breached_at) == ([FIRST], start + 5 * MINUTE), "what was missed stays"
    assert await timers_of(backend) == [moved.sla_risk_at]
    entry = (await agent.incidences.timeline(case.incidence_id)).items[-1]
    said = {"rule": ["gold_chat", "everybody"], "ruleVersion": [1, 2], "reason": "the policy changed"}
    assert (entry.type, entry.data) == ("incidence.sla_changed", said)
    assert [one.rule_version for one in (await panel_of(agent, case)).breaches] == [1]

    await to(backend, start + 10 * MINUTE)
    await publish(owner, targets=(480, 600, None))  # it would have been over two minutes ago
    await backend.drain()
    strict = await agent.incidences.show(case.incidence_id)
    assert (strict.sla_state, strict.sla_due_at) == ("BREACHED", start + 8 * MINUTE)
    breaches = (await panel_of(agent, case)).breaches
    assert [(one.rule_version, one.due_at, one.breached_at) for one in breaches] == [
        (1, start + 5 * MINUTE, start + 5 * MINUTE),
        (3, start + 8 * MINUTE, start + 10 * MINUTE),
    ]
    told = await told_of(agent, case)
    assert told == [("breached", FIRST), ("breached", FIRST)]
    await publish(owner, targets=(480, 600, None))  # the same again: nothing is told twice
    await backend.drain()
    assert await told_of(agent, case) == told
    await owner.rules.rollback("sla", 4, 1, "too strict")
    await backend.drain()
    back = await agent.incidences.show(case.incidence_id)
    assert (back.resolution_due_at, back.sla_policy and back.sla_policy.version) == (start + 8 * HOUR, 5)


async def test_tier_priority_and_value_move_the_targets(backend: Backend) -> None:
    owner, agent, key = await backend.owner(), await backend.member("agent"), await backend.key()
    case = await open_case(key)
    start = backend.clock.now()
    assert case.first_response_due_at == start + 30 * MINUTE
    backend.clock.advance(minutes=1)
    known = await owner.customers.show(case.customer.id)
    async with follows(backend, agent):
        await owner.customers.change(known.id, CustomerChange(version=known.version, tier="SILVER"))
        await backend.drain()
    now = await agent.incidences.show(case.incidence_id)
    assert (now.first_response_due_at, now.sla_policy and now.sla_policy.rule) == (start + 10 * MINUTE, "silver_chat")
    assert await timers_of(backend) == [now.sla_risk_at]
    seen = await owner.rules.show("sla")
    urgent = seen["rules"][-1] | {
        "id": "urgent",
        "when": {
            "any": [{"fact": "priority", "op": "eq", "value": 1}, {"fact": "order_value", "op": "ge", "value": 60_000}]
        },
        "then": {"firstResponseSeconds": 120, "nextResponseSeconds": 60, "resolutionSeconds": 600},
    }
    await owner.rules.publish("sla", {"version": 1, "rules": [urgent, *seen["rules"]], "reason": "VIP"})
    await backend.drain()
    assert (await change(agent, case, orderValue=59_999)).sla_due_at == start + 10 * MINUTE
    assert (await change(agent, case, orderValue=60_000)).sla_due_at == start + 2 * MINUTE
    assert (await change(agent, case, orderValue=1_000)).sla_due_at == start + 10 * MINUTE
    assert (await change(agent, case, priority=1)).sla_due_at == start + 2 * MINUTE
    await to(backend, start + 2 * MINUTE)
    assert (await told_of(agent, case))[-1] == ("breached", FIRST)
    await owner.rules.publish("sla", {"version": 2, "rules": [urgent], "reason": "a gap"})
    await backend.drain()
    other = await open_case(key, "u-2")
    assert (other.sla_state, other.sla_due_at, other.sla_policy and other.sla_policy.rule) == ("NONE", None, None)
    assert (await change(agent, other, priority=1)).first_response_due_at == backend.clock.now() + 2 * MINUTE


async def test_a_dry_run_tells_which_targets_move(backend: Backend) -> None:
    owner, key = await backend.owner(), await backend.key()
    await gold_case(backend, key)  # and a case of self-service, which is promised nothing
    usual = await open_case(key, "u-2")
    seen = await owner.rules.show("sla")
    rules = [
        rule if rule["id"] != "other_chat" else rule | {"then": rule["then"] | {"firstResponseSeconds": 900}}
        for rule in seen["rules"]
    ]
    answer = await owner.rules.dry_run("sla", {"rules": rules})
    assert (answer["cases"], answer["changed"]) == (2, 1)
    (moved,) = answer["changes"]
    assert (moved["ref"], moved["why"]) == (usual.ref, "customer by chat")
    assert answer["byOutcome"][0]["after"] == "first response in 15 min, next in 60 min, resolution in 2 d"
    await owner.rules.publish("sla", {"version": 1, "rules": rules, "reason": "faster"})
    await backend.drain()
    now = await owner.incidences.show(usual.incidence_id)
    assert now.first_response_due_at == usual.created_at + timedelta(seconds=moved["after"]["firstResponseSeconds"])


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"hours": {}}, "settings"),
        ({"hours": {"monday": []}}, "settings"),
        ({"hours": {"monday": [{"start": "09:00", "end": "9:30"}]}}, "settings.hours.monday[0].end"),
        ({"hours": {"monday": [{"start": "24:00", "end": "24:00"}]}}, "settings.hours.monday[0].start"),
        ({"hours": {"monday": [{"start": "18:00", "end": "02:00"}]}}, "settings.hours.monday[0]"),
        (
            {"hours": {"monday": [{"start": "09:00", "end": "12:00"}, {"start": "11:59", "end": "18:00"}]}},
            "settings.hours.monday",
        ),
        ({"hours": {"someday": []}}, "settings.hours.someday.[key]"),
        ({"holidays": [{"date": "2026-02-30", "name": "No day"}]}, "settings.holidays[0].date"),
        ({"holidays": [{"date": "20260815", "name": "Not so"}]}, "settings.holidays[0].date"),
        ({"holidays": [{"date": "2026-08-15", "name": ""}]}, "settings.holidays[0].name"),
        ({"warnAfterPercent": 101}, "settings.warnAfterPercent"),
        ({"warnBeforeSeconds": -1}, "settings.warnBeforeSeconds"),
        ({"isPausedWhileWaiting": 1}, "settings.isPausedWhileWaiting"),
    ],
)
async def test_hours_that_cannot_be_are_refused(settings: dict[str, object], field: str) -> None:
    raw = SLA.shipped.model_dump(mode="json", by_alias=True)
    with pytest.raises(InvalidRules) as refused:
        SLA.read(raw | {"settings": raw["settings"] | settings})
    assert [problem.path for problem in refused.value.problems] == [field]
