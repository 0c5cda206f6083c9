"""Whatever an admin drafts: what the dry run tells of past traffic is what the same traffic meets once it is published."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.client import Client
from backend.incidences.schemas import EscalationTrigger, IncidenceRead
from tests.rules.test_dry_run_visits import VISITS, behave, met
from tests.support.backend import Backend
from tests.support.incidences import open_case

TRAFFIC: list[tuple[float | None, str | None]] = [
    (0, None),
    (4_999.99, "BIRTHDAY"),
    (5_000, None),
    (22_000, None),
    (25_000, "corporate"),
    (60_000, None),
    (100, "WEDDING"),
    (None, None),
    (None, "RELIGIOUS"),
]
VALUES = st.sampled_from([0, 100, 4_999.99, 5_000, 20_000, 22_000, 25_000, 1e6])
EVENTS = st.sampled_from(["WEDDING", "CORPORATE", "RELIGIOUS", "BIRTHDAY", "NONE"])
LEAVES = st.one_of(
    st.builds(lambda op, value: {"fact": "order_value", "op": op, "value": value}, st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne"]), VALUES),
    st.builds(lambda a, b: {"fact": "order_value", "op": "between", "value": sorted([a, b])}, VALUES, VALUES),
    st.builds(lambda op, value: {"fact": "event_type", "op": op, "value": value}, st.sampled_from(["eq", "ne"]), EVENTS),
    st.builds(lambda op, names: {"fact": "event_type", "op": op, "value": names}, st.sampled_from(["in", "not_in"]), st.lists(EVENTS, min_size=1, max_size=3)),
    st.builds(lambda name, is_known: {"fact": name, "op": "exists", "value": is_known}, st.sampled_from(["order_value", "event_type", "tier"]), st.booleans()),
)  # fmt: skip
CONDITIONS = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(lambda children: {"all": children}, st.lists(parts, max_size=3)),
        st.builds(lambda children: {"any": children}, st.lists(parts, min_size=1, max_size=3)),
        st.builds(lambda child: {"not": child}, parts),
    ),
    max_leaves=5,
)
ROUTES = st.fixed_dictionaries(
    {
        "channels": st.sampled_from([[], ["CHAT"], ["CALL"], ["CHAT", "CALL"]]),
        "autoEscalation": st.sampled_from([None, {"afterSeconds": 600}, {"afterSeconds": 0}]),
        "priority": st.integers(1, 4),
    }
)


def listed(rules: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"rule_{at}", "label": f"Rule {at}", "group": "channels", "when": when, "then": then, "enabled": enabled}
        for at, (when, then, enabled) in enumerate(rules)
    ]


ROUTING = st.lists(st.tuples(CONDITIONS, ROUTES, st.booleans() | st.just(True)), max_size=5).map(listed)
FRICTION = st.fixed_dictionaries(
    {
        "limits": st.fixed_dictionaries(
            {name: st.integers(0, 90) for name in ("inactive", "going_back", "checking_prices", "price_calculator")}
        ),
        "points": st.fixed_dictionaries({name: st.integers(1, 60) for name in ("inactive", "checking_prices")}),
        "settings": st.fixed_dictionaries({"cap": st.integers(1, 120), "helpAbove": st.integers(0, 80)}),
        "off": st.sets(st.sampled_from(["first_time_user", "checkout_inactivity", "back_loops"])),
    }
)
HARDLY_EVER = {
    "deadline": None,
    "derandomize": True,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Iterator[tuple[Backend, asyncio.Runner]]:
    """A backend for a test that is not async itself, as hypothesis wants them."""
    with asyncio.Runner() as runner:
        backend = Backend(database_url, tmp_path / "data")
        runner.run(backend.__aenter__())
        yield backend, runner
        runner.run(backend.__aexit__(None, None, None))


def met_by(case: IncidenceRead) -> tuple[Any, ...]:
    return tuple(case.allowed_channels), case.priority, case.auto_escalate_at is not None


def told(then: dict[str, Any] | None) -> tuple[Any, ...]:
    if then is None:  # no rule holds: nobody is promised anything
        return (), 4, False
    return tuple(then["channels"]), then["priority"], bool(then["channels"]) and then["autoEscalation"] is not None


async def send(client: Client) -> list[IncidenceRead]:
    return [await open_case(client, orderValue=value, eventType=event) for value, event in TRAFFIC]


@pytest.mark.alike
def test_of_routing(place: tuple[Backend, asyncio.Runner]) -> None:
    backend, runner = place
    changed = 0

    async def trial(rules: list[dict[str, Any]]) -> int:
        owner = await backend.another_owner()
        before = await send(owner)
        answer = await owner.rules.dry_run("routing", {"rules": rules})
        await owner.rules.publish("routing", {"version": 1, "rules": rules, "reason": "tried before"})
        after = await send(owner)
        changes = {one["ref"]: one for one in answer["changes"]}
        for old, new in zip(before, after, strict=True):
            expected = told(changes[old.ref]["after"]) if old.ref in changes else met_by(old)
            assert met_by(new) == expected, (old.ref, changes.get(old.ref), new.routing)
        assert answer["changed"] == len(changes)
        return len(changes)

    @settings(max_examples=12, **HARDLY_EVER)  # type: ignore[arg-type]
    @given(ROUTING)
    def tried(rules: list[dict[str, Any]]) -> None:
        nonlocal changed
        changed += runner.run(trial(rules))

    tried()
    assert changed > len(TRAFFIC), "the drafts changed next to nothing, so that nothing was shown"


@pytest.mark.alike
def test_of_friction(place: tuple[Backend, asyncio.Runner]) -> None:
    backend, runner = place
    changed = 0

    async def trial(draft: dict[str, Any]) -> int:
        owner = await backend.another_owner()
        for name, behaviour in VISITS.items():
            await behave(backend, owner, f"old-{name}", behaviour)
        before = {name: await met(owner, f"old-{name}") for name in VISITS}
        rules = (await owner.rules.show("friction"))["rules"]
        for rule in rules:
            rule["enabled"] = rule["id"] not in draft["off"]
            if rule["id"] in draft["limits"]:
                rule["when"]["value"] = draft["limits"][rule["id"]]
            if rule["id"] in draft["points"]:
                rule["then"]["points"] = draft["points"][rule["id"]]
        body = {"rules": rules, "settings": draft["settings"]}
        answer = await owner.rules.dry_run("friction", body)
        await owner.rules.publish("friction", {"version": 1, **body, "reason": "tried before"})
        for name, behaviour in VISITS.items():
            await behave(backend, owner, f"new-{name}", behaviour)
        changes = {(one["group"], one["ref"]): one for one in answer["changes"]}
        for name in VISITS:
            score, signals = before[name]
            if change := changes.get(("score", f"old-{name}")):
                score = change["after"]["score"]
            if change := changes.get(("signals", f"old-{name}")):
                signals = set(change["rulesAfter"])
            assert await met(owner, f"new-{name}") == (score, signals), (name, changes)
        return len(changes)

    @settings(max_examples=4, **HARDLY_EVER)  # type: ignore[arg-type]
    @given(FRICTION)
    def tried(draft: dict[str, Any]) -> None:
        nonlocal changed
        changed += runner.run(trial(draft))

    tried()
    assert changed > len(VISITS)


async def test_of_escalation(backend: Backend) -> None:
    owner = await backend.owner()

    async def hand_up() -> list[tuple[str, str]]:
        raised = []
        for value, reason in (
            (60_000, "HIGH_VALUE"),
            (9_000, "EMOTIONAL"),
            (9_000, "SYSTEM_BUG"),
            (90_000, "EMOTIONAL"),
        ):
            case = await open_case(owner, orderValue=value)
            body = {"incidenceId": case.incidence_id, "reason": reason}
            one = await owner.escalations.trigger(EscalationTrigger.model_validate(body))
            raised.append((one.ref, one.level))
        return raised

    before = await hand_up()
    backend.clock.advance(minutes=20)
    await backend.drain()  # they climb unacknowledged, which is no rule's decision
    rules = (await owner.rules.show("escalation"))["rules"]
    dear = {"all": [rules[3]["when"], {"fact": "order_value", "op": "gt", "value": 50_000}]}
    rules.insert(
        0, rules[3] | {"id": "dear", "label": "Dear and emotional", "when": dear, "then": {"level": "SUPERVISOR"}}
    )
    rules[3]["then"] = {"level": "TECH_TEAM"}  # policy exceptions, of which there were none
    answer = await owner.rules.dry_run("escalation", {"rules": rules})
    assert answer["cases"] == 4
    assert [(one["ref"], one["after"]) for one in answer["changes"]] == [(before[3][0], {"level": "SUPERVISOR"})]
    assert answer["byOutcome"] == [
        {"group": "level", "before": "level SENIOR_AGENT", "after": "level SUPERVISOR", "count": 1}
    ]
    await owner.rules.publish("escalation", {"version": 1, "rules": rules, "reason": "the dear ones first"})
    after = await hand_up()
    assert [level for _, level in after] == [*(level for _, level in before[:3]), "SUPERVISOR"]
