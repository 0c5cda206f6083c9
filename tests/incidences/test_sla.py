"""Service levels to the second: every clock at its boundary, pauses, reopening, hours, and what changes in flight."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from backend.agent.schemas import SlaPanel
from backend.client import Client
from backend.core.clock import instant
from backend.customers.schemas import CustomerChange
from backend.identity.schemas import BusinessChange
from backend.incidences import conversations
from backend.incidences.schemas import IncidenceRead
from backend.rules.problems import InvalidRules
from backend.rules.shipped.sla import SLA
from backend.work import Work
from console.query import compile_filter
from console.store import Store
from console.views import sla_order
from tests.support.backend import PASSWORD, Backend, business_of
from tests.support.follows import follows, snapshot
from tests.support.incidences import open_case
from tests.support.sla import OFFICE, answer, change, gold_case, publish, says, timers_of, told_of

pytestmark = pytest.mark.alike

FIRST, NEXT, RESOLUTION = "first_response", "next_response", "resolution"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def to(backend: Backend, at: datetime) -> None:
    """Let the time pass to `at`, and do what is due."""
    backend.clock.advance(seconds=(at - backend.clock.now()).total_seconds())
    await backend.drain()


async def panel_of(client: Client, case: IncidenceRead) -> SlaPanel:
    panel = (await client.agent.dashboard(case.incidence_id)).sla
    assert panel is not None
    return panel


async def test_first_response_is_warned_of_and_missed_to_the_second(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await gold_case(backend, key)
    start = backend.clock.now()
    assert (case.sla_state, case.sla_target, case.sla_due_at) == ("ON_TRACK", FIRST, start + 5 * MINUTE)
    assert (case.first_response_due_at, case.next_response_due_at) == (start + 5 * MINUTE, None)
    assert (case.resolution_due_at, case.sla_breached_at, case.sla_breached) == (start + 8 * HOUR, None, [])
    assert case.sla_policy is not None
    assert case.sla_policy.model_dump() == {"rule": "gold_chat", "text": "GOLD customer by chat", "version": 1}
    warned = start + timedelta(seconds=225)  # three quarters of the five minutes
    assert case.sla_risk_at == warned
    async with follows(backend, agent):
        for at, told, state in (
            (warned - timedelta(seconds=1), [], "ON_TRACK"),
            (warned, [("warned", FIRST)], "AT_RISK"),
            (start + timedelta(seconds=299), [("warned", FIRST)], "AT_RISK"),
            (start + timedelta(seconds=300), [("warned", FIRST), ("breached", FIRST)], "BREACHED"),
            (start + HOUR, [("warned", FIRST), ("breached", FIRST)], "BREACHED"),
        ):
            await to(backend, at)
            assert await told_of(agent, case) == told, at
            assert (await agent.incidences.show(case.incidence_id)).sla_state == state
    now = await agent.incidences.show(case.incidence_id)
    assert (now.sla_breached_at, now.sla_breached, now.sla_due_at) == (start + 5 * MINUTE, [FIRST], case.sla_due_at)
    entry = next(
        entry
        for entry in (await agent.incidences.timeline(case.incidence_id)).items
        if entry.type == "incidence.sla_breached"
    )
    assert entry.actor["kind"] == "system"
    due = "2026-03-02T09:05:00.000000Z"
    said = {"target": FIRST, "dueAt": due, "breachedAt": due, "rule": "gold_chat", "ruleVersion": 1}
    assert entry.data == said


@pytest.mark.parametrize(("seconds", "is_missed"), [(299, False), (300, True), (301, True)])
async def test_an_answer_on_either_side_of_the_second(backend: Backend, seconds: int, is_missed: bool) -> None:
    """The timer tells of a miss, also when the answer came before the timer had its turn; and never without one."""
    agent, key = await backend.member("agent"), await backend.key()
    case = await gold_case(backend, key)
    start = backend.clock.now()
    backend.clock.advance(seconds=seconds)
    answered = await answer(agent, case)
    assert answered.sla_state == "PAUSED"
    assert (answered.sla_due_at, answered.sla_breached) == (None, [FIRST] if is_missed else [])
    await backend.drain()
    await to(backend, start + 7 * HOUR)
    assert await told_of(agent, case) == [("breached", FIRST)] * is_missed
    now = await agent.incidences.show(case.incidence_id)
    assert now.sla_breached_at == (start + 5 * MINUTE if is_missed else None)
    assert await timers_of(backend) == []


async def test_next_response_runs_from_the_first_message_that_waits(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await gold_case(backend, key)
    await says(backend, case)
    now = await agent.incidences.show(case.incidence_id)
    assert (now.sla_target, now.next_response_due_at) == (FIRST, None)
    await answer(agent, case)
    backend.clock.advance(hours=1)
    asked = backend.clock.now()
    await says(backend, case)
    backend.clock.advance(minutes=3)
    await says(backend, case, "Still there?")
    now = await agent.incidences.show(case.incidence_id)
    assert (now.sla_target, now.sla_due_at) == (NEXT, asked + 10 * MINUTE)
    await to(backend, asked + 10 * MINUTE - timedelta(seconds=1))
    assert await told_of(agent, case) == [("warned", NEXT)]
    await answer(agent, case)
    await to(backend, asked + 20 * MINUTE)
    assert await told_of(agent, case) == [("warned", NEXT)]
    await says(backend, case)
    again = backend.clock.now()
    await to(backend, again + 10 * MINUTE)
    assert await told_of(agent, case) == [("warned", NEXT), ("breached", NEXT)], "it is too late for a warning"
    now = await agent.incidences.show(case.incidence_id)
    assert (now.sla_breached, now.sla_breached_at) == ([NEXT], again + 10 * MINUTE)


async def test_waiting_for_the_customer_pauses_and_sleep_does_not(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    await publish(await backend.owner(), targets=(60, None, 3600))
    case = await open_case(key)
    start = backend.clock.now()
    backend.clock.advance(seconds=30)
    now = await answer(agent, case)
    assert (now.sla_state, now.resolution_due_at) == ("PAUSED", None)
    backend.clock.advance(minutes=20)
    await change(agent, case, snoozedUntil=(backend.clock.now() + HOUR).isoformat())
    assert (await panel_of(agent, case)).targets[0].used_seconds == 30, "put away while we wait: still paused"
    backend.clock.advance(minutes=20)
    await says(backend, case)
    paused = backend.clock.now() - start - timedelta(seconds=30)
    now = await agent.incidences.show(case.incidence_id)
    assert (now.sla_state, now.sla_target, now.sla_due_at) == ("ON_TRACK", RESOLUTION, start + HOUR + paused)
    now = await change(agent, case, snoozedUntil=(backend.clock.now() + 2 * HOUR).isoformat())
    assert now.sla_due_at == start + HOUR + paused, "an agent's sleep stops no clock"
    assert await timers_of(backend) == [now.sla_risk_at]
    await to(backend, start + HOUR + paused)
    assert await told_of(agent, case) == [("breached", RESOLUTION)]
    await answer(agent, case)
    backend.clock.advance(hours=5)
    await says(backend, case)
    over = await agent.incidences.show(case.incidence_id)
    assert over.sla_state == "BREACHED"
    assert over.sla_due_at == backend.clock.now(), "over by as much as when it paused"
    await backend.drain()
    assert len(await told_of(agent, case)) == 1
    await publish(await backend.owner(), isPausedWhileWaiting=False)
    other = await open_case(key, "other")
    due = backend.clock.now() + HOUR
    assert (await answer(agent, other)).resolution_due_at == due
    backend.clock.advance(minutes=5)
    await says(backend, other)
    assert (await agent.incidences.show(other.incidence_id)).resolution_due_at == due


async def test_a_case_that_is_reopened_is_clocked_anew_and_keeps_its_record(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await gold_case(backend, key)
    missed = backend.clock.now() + 5 * MINUTE
    await to(backend, missed)
    closed = await change(agent, case, outcome="RESOLVED")
    assert (closed.sla_state, closed.sla_due_at, closed.resolution_due_at) == ("MISSED", None, None)
    assert await timers_of(backend) == []
    backend.clock.advance(days=2)
    await says(backend, case, "It is not solved")
    again = await agent.incidences.show(case.incidence_id)
    start = backend.clock.now()
    assert (again.sla_state, again.sla_target, again.reopen_count) == ("ON_TRACK", FIRST, 1)
    assert (again.first_response_due_at, again.resolution_due_at) == (start + 5 * MINUTE, start + 8 * HOUR)
    assert (again.sla_breached, again.sla_breached_at) == ([FIRST], missed)
    await to(backend, start + 5 * MINUTE - timedelta(seconds=1))
    answered = await answer(agent, case)
    assert (answered.first_response_due_at, len((await panel_of(agent, case)).breaches)) == (None, 1)
    met = await open_case(key)
    await answer(agent, met)
    assert (await change(agent, met, outcome="RESOLVED")).sla_state == "MET"


async def test_a_case_that_is_closed_late_was_missed_and_that_is_told(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    await publish(await backend.owner(), targets=(300, 600, 28_800))
    case = await open_case(key)
    start = backend.clock.now()
    backend.clock.advance(hours=9)  # the server slept
    closed = await change(agent, case, outcome="DROPPED")
    assert (closed.sla_state, closed.sla_breached_at) == ("MISSED", start + 5 * MINUTE)
    await backend.drain()
    assert await told_of(agent, case) == [("breached", FIRST), ("breached", RESOLUTION)]
    assert await timers_of(backend) == []


async def test_self_service_is_promised_nothing_until_somebody_waits(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key, orderValue=100)
    assert (case.sla_state, case.sla_due_at, await timers_of(backend)) == ("NONE", None, [])
    backend.clock.advance(hours=1)
    now = await change(agent, case, orderValue=60_000)
    assert now.first_response_due_at == backend.clock.now() + 30 * MINUTE
    assert await timers_of(backend) == [now.sla_risk_at]


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


async def test_what_a_platform_tells_late_counts_from_when_it_was_said(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    await publish(await backend.owner(), targets=(300, 600, 28_800))
    case, other = await open_case(key), await open_case(key, "u-2")
    start = backend.clock.now()
    backend.clock.advance(minutes=6)

    def tell(id: str, at: datetime) -> None:
        def write(work: Work) -> None:
            row = conversations.incidence_of(work, id, to_change=True)
            work.add(conversations.Conversation(platform="freshchat", conversation_id=id[-8:], incidence_id=row.id))
            said = {"platform": "freshchat", "conversation_id": id[-8:], "agent_name": "Ravi", "text": "Yes"}
            conversations.message_from_agent(work, **said, message_id="m", occurred_at=at)

        writes.append(write)

    writes: list[object] = []
    tell(case.incidence_id, start + 4 * MINUTE)
    tell(other.incidence_id, start + 5 * MINUTE)
    for write in writes:
        await (await backend.units()).write(write)  # type: ignore[arg-type]
    await backend.drain()
    assert (await told_of(agent, case), await told_of(agent, other)) == ([], [("breached", FIRST)])


async def test_the_tab_the_filter_and_the_order_agree_with_the_mirror(backend: Backend) -> None:
    """At each instant at which something changes, and a second before: server and console show the same."""
    agent, key = await backend.member("agent"), await backend.key()
    await publish(await backend.owner(), targets=(600, 600, 7200), warnAfterPercent=50, warnBeforeSeconds=600)
    start = backend.clock.now()
    cases = []
    for number in range(4):
        cases.append(await open_case(key, f"u-{number}"))
        backend.clock.advance(seconds=60)
    await answer(agent, cases[1])
    await change(agent, cases[2], snoozedUntil="2030-01-01T00:00:00Z")
    await open_case(key, "self-service", orderValue=1)
    closed = await open_case(key, "closed")
    await change(agent, closed, outcome="RESOLVED")
    texts = ("sla<5m", "sla>=5m", "sla<=0", "-sla<5m", "sla!=4m", "breached", "-breached", "breached sla<0")
    ids = [case.incidence_id for case in cases]
    near = {0: [], 299: [], 300: [0], 480: [0, 3], 600: [0, 3], 780: [0, 3]}
    for seconds, expected in near.items():
        if (start + timedelta(seconds=seconds)) > backend.clock.now():
            await to(backend, start + timedelta(seconds=seconds))
        elif seconds:
            continue
        at = instant(backend.clock.now())
        mirror, as_of = await snapshot(agent)
        store = Store()
        store.at(at)
        store.install({"incidence": mirror}, as_of)
        shown = {case.incidence_id for case in (await agent.incidences.list(view="sla_risk")).items}
        assert shown == {row["incidenceId"] for row in store.in_view("sla_risk")}, seconds
        assert (await agent.incidences.counts())["sla_risk"] == store.counts["sla_risk"] == len(shown)
        assert shown == {ids[number] for number in expected}, seconds
        for text in texts:
            holds = compile_filter(text, "", lambda at=at: at)  # type: ignore[misc]
            found = {case.incidence_id for case in (await agent.incidences.list(q=text)).items}
            assert found == {id for id, row in mirror.items() if holds(row)}, (seconds, text)
        order = [case.incidence_id for case in (await agent.incidences.list(sort="sla")).items]
        assert order == [row["incidenceId"] for row in sorted(mirror.values(), key=sla_order)]
        assert order[:3] == [ids[0], ids[2], ids[3]]
    over = (await agent.incidences.list(q="breached sla<=0")).items
    assert {case.incidence_id for case in over} == {ids[0], ids[2], ids[3]}


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


async def test_a_restart_between_warning_and_breach(database_url: str, tmp_path: Path) -> None:
    async with Backend(database_url, tmp_path / "data") as first:
        owner, key = await first.owner(), await first.key()
        case = await open_case(key)
        email = (await owner.identity.me()).user.email
        first.clock.advance(minutes=23)
        await first.drain()
        assert await told_of(owner, case) == [("warned", FIRST)]
    async with Backend(database_url, tmp_path / "data") as again:
        again.clock.advance(minutes=29, seconds=59)
        client = again.client()
        await client.identity.sign_in(email, PASSWORD)
        await again.drain()
        assert await told_of(client, case) == [("warned", FIRST)]
        again.clock.advance(seconds=1)
        await again.drain()
        await again.drain()
        assert await told_of(client, case) == [("warned", FIRST), ("breached", FIRST)]


async def test_replies_race_the_timer(backend: Backend) -> None:
    """Whoever is first: a case that was answered at its second or later was missed once, told once, and mirrors agree."""
    agent, key = await backend.member("agent"), await backend.key()
    await publish(await backend.owner(), targets=(60, 60, None))
    cases = [await open_case(key, f"u-{number}") for number in range(8)]
    backend.clock.advance(seconds=60)
    async with follows(backend, agent):
        await asyncio.gather(backend.drain(), *(answer(agent, case) for case in cases))
        await backend.drain()
    for case in cases:
        assert await told_of(agent, case) == [("breached", FIRST)]
        now = await agent.incidences.show(case.incidence_id)
        assert (now.sla_breached, now.sla_due_at, now.sla_state) == ([FIRST], None, "NONE")
    assert await timers_of(backend) == []
