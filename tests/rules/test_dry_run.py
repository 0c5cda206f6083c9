"""Dry run: what it tells of a draft over the past is what happens when the draft is in force, and it stores nothing."""

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.client import ApiError, Client
from backend.core.rows import Base
from backend.incidences import rules as past_cases
from backend.incidences.schemas import IncidenceRead
from backend.rules import dry_run
from backend.rules.history import HISTORY, NO_PAST
from backend.signals.schemas import SignalPost
from tests.support.backend import Backend
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike

TRAFFIC: list[tuple[float | None, str | None]] = [
    (0, None),
    (4_999.99, None),
    (5_000, None),
    (7_999.99, None),
    (8_000, "birthday"),
    (19_999, None),
    (20_000, None),
    (24_999.99, None),
    (25_000, None),
    (100, "WEDDING"),
    (9_000, "corporate"),
    (None, None),
    (None, "RELIGIOUS"),
]


def edited(rule_set: dict[str, Any], **limits: Any) -> list[dict[str, Any]]:
    """The routing rules with other limits: `self_serve` and `chat` by their order value, or a rule's `then`."""
    rules: list[dict[str, Any]] = copy.deepcopy(rule_set["rules"])
    by_id = {rule["id"]: rule for rule in rules}
    if "self_serve" in limits:
        by_id["self_serve"]["when"]["any"][1]["value"] = limits["self_serve"]
    if "chat" in limits:
        by_id["chat"]["when"]["value"] = limits["chat"]
    if "channels" in limits:
        by_id["chat"]["then"]["channels"] = limits["channels"]
    return rules


async def send(key: Client) -> list[IncidenceRead]:
    return [await open_case(key, orderValue=value, eventType=event) for value, event in TRAFFIC]


def decided(case: IncidenceRead) -> tuple[Any, ...]:
    return case.routing["rule"], tuple(case.allowed_channels), case.priority, case.auto_escalate_at is not None


def told(change: dict[str, Any], side: str) -> tuple[Any, ...]:
    then = change[side]
    (rule,) = change[f"rules{side.title()}"]
    return rule, tuple(then["channels"]), then["priority"], then["autoEscalation"] is not None


async def rows_of(backend: Backend) -> dict[str, int]:
    def count(session: Any) -> dict[str, int]:
        tables = Base.metadata.sorted_tables
        return {table.name: session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}

    return await backend.runtime.database.read(count)


@pytest.mark.parametrize(
    "limits",
    [
        {"self_serve": 8_000},
        {"self_serve": 5_000.01, "chat": 20_000},
        {"self_serve": 0},
        {"chat": 1e6},
        {"channels": ["CALL"]},
        {"self_serve": 8_000, "chat": 8_000, "channels": ["CHAT", "CALL"]},
        {},
    ],
)
async def test_what_a_dry_run_tells_is_what_happens(backend: Backend, limits: dict[str, Any]) -> None:
    owner, key = await backend.owner(), await backend.key("incidences")
    before = await send(key)
    seen = await owner.rules.show("routing")
    draft = {"rules": edited(seen, **limits)}
    answer = await owner.rules.dry_run("routing", draft)
    await owner.rules.publish("routing", {"version": 1, **draft, "reason": "fewer small orders"})
    after = await send(key)

    really = {
        old.ref: (decided(old), decided(new))
        for old, new in zip(before, after, strict=True)
        if decided(old)[1:] != decided(new)[1:]
    }
    assert {one["ref"]: (told(one, "before"), told(one, "after")) for one in answer["changes"]} == really
    assert (answer["cases"], answer["changed"], answer["isComplete"]) == (len(TRAFFIC), len(really), True)
    assert sum(row["count"] for row in answer["byOutcome"]) == len(really)
    by_ref = {old.ref: (old, new) for old, new in zip(before, after, strict=True)}
    for one in answer["changes"]:
        old, new = by_ref[one["ref"]]
        assert one["subjectId"] == old.incidence_id
        assert one["why"] == new.routing["text"]


async def test_outcomes_in_words(backend: Backend) -> None:
    owner = await backend.owner()
    await send(await backend.key("incidences"))
    draft = {"rules": edited(await owner.rules.show("routing"), channels=["CALL"])}
    answer = await owner.rules.dry_run("routing", draft)
    chat, call = (f"{channel}, handed up after 10 min, priority 3" for channel in ("chat", "call"))
    assert answer["byOutcome"] == [{"group": "channels", "before": chat, "after": call, "count": 6}]
    assert f"Medium order: when order value < 25,000 → {call}" in answer["words"]
    assert (answer["warnings"], answer["problems"], answer["version"]) == ([], [], 1)
    assert "opened" in answer["source"]


async def test_only_some_changes_are_shown_and_all_are_counted(backend: Backend) -> None:
    owner = await backend.owner()
    await send(await backend.key("incidences"))
    draft = {"rules": edited(await owner.rules.show("routing"), channels=["CALL"]), "limit": 2}
    answer = await owner.rules.dry_run("routing", draft)
    assert [one["ref"] for one in answer["changes"]] == ["INC-8", "INC-7"]  # the newest first
    assert answer["changed"] == 6


async def test_pages_neither_skip_nor_repeat(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = await backend.owner()
    await send(await backend.key("incidences"))
    draft = {"rules": edited(await owner.rules.show("routing"), self_serve=1e9)}
    whole = await owner.rules.dry_run("routing", draft)
    for size in (1, len(TRAFFIC), 5):
        monkeypatch.setattr(past_cases, "_PAGE", size)
        monkeypatch.setattr(past_cases, "_OPENED", past_cases._OPENED.limit(size))
        assert await owner.rules.dry_run("routing", draft) == whole
    monkeypatch.setattr(dry_run, "MOST_CASES", 5)
    cut = await owner.rules.dry_run("routing", draft)
    assert (cut["cases"], cut["isComplete"]) == (5, False)


async def test_only_the_days_asked_for(backend: Backend) -> None:
    owner, key = await backend.owner(), await backend.key("incidences")
    await open_case(key)
    backend.clock.advance(days=5)
    await open_case(key)
    counted = {days: (await owner.rules.dry_run("routing", {"days": days}))["cases"] for days in (1, 4, 5, 90)}
    assert counted == {1: 1, 4: 1, 5: 2, 90: 2}
    answer = await owner.rules.dry_run("routing", {})
    assert answer["days"] == 7
    assert answer["since"] == (backend.clock.now() - timedelta(days=7)).isoformat(timespec="microseconds").replace(
        "+00:00", "Z"
    )


async def test_the_order_as_it_was_last_decided_on(backend: Backend) -> None:
    """A case whose order grew is replayed with the order that it has."""
    owner = await backend.owner()
    case = await open_case(await backend.key("incidences"), orderValue=6_000)
    await owner.transport.call("PATCH", f"/incidences/{case.incidence_id}", None, {"version": 1, "orderValue": 30_000})
    draft = {"rules": edited(await owner.rules.show("routing"), self_serve=7_000)}
    assert (await owner.rules.dry_run("routing", draft))["changed"] == 0
    draft = {"rules": edited(await owner.rules.show("routing"), chat=40_000)}
    assert (await owner.rules.dry_run("routing", draft))["changed"] == 1


async def test_nothing_is_stored_and_nobody_is_told(backend: Backend) -> None:
    owner = await backend.owner()
    await send(await backend.key("incidences"))
    await backend.drain()
    rows, seen, verified = await rows_of(backend), await owner.rules.show("routing"), await owner.audit.verify()
    answer = await owner.rules.dry_run("routing", {"rules": edited(seen, self_serve=1e9)})
    assert answer["changed"] > 0
    assert await rows_of(backend) == rows
    assert await owner.rules.show("routing") == seen
    assert await owner.audit.verify() == verified


async def test_another_business_is_not_looked_at(backend: Backend) -> None:
    owner, stranger = await backend.owner(), await backend.another_owner()
    await send(await backend.key("incidences"))
    await (await backend.key()).context.signal("asha", SignalPost(signal_type="price_check"))
    for kind in ("routing", "friction"):
        answer = await stranger.rules.dry_run(kind, {"rules": []})
        assert (answer["cases"], answer["changes"], answer["byOutcome"]) == (0, [], [])
    await open_case(await backend.key("incidences", of=stranger), orderValue=6_000)
    draft = {"rules": edited(await stranger.rules.show("routing"), self_serve=1e9)}
    assert (await stranger.rules.dry_run("routing", draft))["cases"] == 1
    await stranger.rules.publish("routing", {"version": 1, **draft, "reason": "ours"})
    assert (await owner.rules.show("routing"))["version"] == 1


async def test_a_draft_that_cannot_run_is_refused_with_all_problems(backend: Backend) -> None:
    owner = await backend.owner()
    rules = edited(await owner.rules.show("routing"), self_serve="many")
    rules[2]["when"]["fact"] = "order_valu"
    rules[3]["then"]["channels"] = ["PIGEON"]
    fields = {"rules[1].when.any[1].value", "rules[2].when.fact", "rules[3].then.channels[0]"}
    for call in (
        owner.rules.dry_run("routing", {"rules": rules}),
        owner.rules.publish("routing", {"version": 1, "rules": rules, "reason": "try"}),
    ):
        with pytest.raises(ApiError) as refusal:
            await call
        assert (refusal.value.status, refusal.value.code) == (400, "VALIDATION_ERROR")
        problems = refusal.value.details["problems"]
        assert {problem["field"] for problem in problems} == fields
        assert "did you mean order_value?" in {problem["hint"] for problem in problems}
    assert (await owner.rules.show("routing"))["version"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"days": 0},
        {"days": 91},
        {"limit": 0},
        {"limit": 501},
        {"rule": []},
        {"rules": [{}]},
        {"rules": [1]},
        {"settings": []},
        {"settings": {"aliases": {}, "more": 1}},
        {"settings": {"aliases": json.loads("[" * 40 + "]" * 40)}},
    ],
)
async def test_wrong_drafts(backend: Backend, body: dict[str, Any]) -> None:
    owner = await backend.owner()
    with pytest.raises(ApiError) as refusal:
        await owner.rules.dry_run("routing", body)
    assert (refusal.value.status, refusal.value.code) == (400, "VALIDATION_ERROR")


async def test_gaps_overlaps_and_dead_rules_are_told(backend: Backend) -> None:
    owner = await backend.owner()
    rules = (await owner.rules.show("routing"))["rules"]
    without_last = rules[:-1]
    assert (await owner.rules.dry_run("routing", {"rules": without_last}))["warnings"] == [
        "Gap: no rule holds for certain when order value >= 25,000."
    ]
    overlapping = copy.deepcopy(rules)
    overlapping[2]["when"] = {"fact": "order_value", "op": "between", "value": [4_000, 24_999]}
    (warning,) = (await owner.rules.dry_run("routing", {"rules": overlapping}))["warnings"]
    assert warning == (
        "Overlap: self_serve and chat both hold when 4,000 <= order value < 5,000; self_serve comes first and decides."
    )
    dead = [rules[-1], *rules[:-1]]
    warnings = (await owner.rules.dry_run("routing", {"rules": dead}))["warnings"]
    assert len(warnings) == 3
    assert all(warning.startswith("Never: rule ") for warning in warnings)
    nothing_numeric = await owner.rules.dry_run("routing", {"rules": rules[:1]})
    assert nothing_numeric["warnings"] == [
        "Gap: for some facts no rule holds. A last rule that always holds would close it."
    ]
    assert (await owner.rules.dry_run("routing", {"rules": rules[-1:]}))["warnings"] == []


async def test_every_kind_reads_in_words(backend: Backend) -> None:
    agent = await backend.member("agent")
    for one in (await agent.rules.list())["items"]:
        rule_set = await agent.rules.show(one["kind"])
        assert len(rule_set["words"]) == len(rule_set["rules"])
        for rule, words in zip(rule_set["rules"], rule_set["words"], strict=True):
            assert words.startswith(f"{rule['label']}: ")
            assert " → " in words
        answer = await (await backend.owner()).rules.dry_run(one["kind"], {})
        assert (answer["words"], answer["changed"]) == (rule_set["words"], 0)
        assert answer["source"] == (HISTORY[one["kind"]].source if one["kind"] in HISTORY else NO_PAST[one["kind"]])
        assert (one["kind"] in HISTORY) != (one["kind"] in NO_PAST)
    friction = await agent.rules.show("friction")
    assert friction["words"][0] == "Inactive: when inactivity > 60 s → +30 points"
    assert friction["words"][5] == (
        "Inactive on checkout: when screen is checkout and inactivity > 60 s "
        "→ help prompt “Need help finishing your order?”"
    )


async def test_only_admins_try_and_publish(backend: Backend) -> None:
    for role, may in (("agent", False), ("supervisor", False), ("admin", True)):
        member = await backend.member(role)
        assert (await member.rules.versions("routing"))["items"]
        version = (await member.rules.show("routing"))["version"]
        calls = (
            member.rules.dry_run("routing", {}),
            member.rules.publish("routing", {"version": version, "reason": "again"}),
            member.rules.rollback("routing", version + 1, 1, "back"),
        )
        for call in calls:
            if may:
                await call
                continue
            with pytest.raises(ApiError) as refusal:
                await call
            assert refusal.value.status == 403
