"""Kinds: a document that does not fit its kind is refused with every reason, from hostile JSON on."""

from typing import Any

import pytest

from backend.rules.documents import Rule, RuleSetDocument
from backend.rules.engine import compile_rule_set
from backend.rules.kinds import Kinds
from backend.rules.problems import InvalidRules
from backend.rules.shipped import ORDERING_KINDS
from backend.rules.shipped.friction import CATALOGUE, FRICTION
from backend.rules.shipped.routing import ROUTING


def raw(**changes: Any) -> dict[str, Any]:
    return {**FRICTION.shipped.model_dump(mode="json", by_alias=True), **changes}


def refused(document: Any) -> dict[str, str]:
    with pytest.raises(InvalidRules) as refusal:
        FRICTION.read(document)
    return {problem.path: problem.message for problem in refusal.value.problems}


def rule(**changes: Any) -> dict[str, Any]:
    fine = {
        "id": "x",
        "label": "X",
        "group": "score",
        "when": {"fact": "price_check_count", "op": "gt", "value": 1},
        "then": {"points": 5},
        "text": "",
        "enabled": True,
    }
    return {**fine, **changes}


def test_a_sound_document_is_read() -> None:
    assert FRICTION.read(raw(rules=[rule()])).rules[0].id == "x"


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        (rule(id="Bad Id"), "rules[0].id"),
        (rule(label=""), "rules[0].label"),
        (rule(enabled="yes"), "rules[0].enabled"),
        (rule(extra=1), "rules[0].extra"),
        (rule(when=[]), "rules[0].when"),
        (rule(group="nowhere"), "rules[0].group"),
        (rule(text="{nothing}"), "rules[0].text"),
        (rule(text="x" * 301), "rules[0].text"),
        (rule(when={"fact": "price_check_count", "op": "gt", "value": "1"}), "rules[0].when.value"),
        (rule(then={"points": "5"}), "rules[0].then.points"),
        (rule(then={"points": True}), "rules[0].then.points"),
        (rule(then={"points": float("nan")}), "rules[0].then.points"),
        (rule(then={}), "rules[0].then.points"),
        (rule(then={"points": 5, "action": "x"}), "rules[0].then.action"),
        (rule(group="signals", then={"action": "DANCE", "prompt": "p", "cause": "c"}), "rules[0].then.action"),
        (rule(group="signals", then={"action": "HELP_PROMPT", "prompt": "", "cause": "c"}), "rules[0].then.prompt"),
    ],
)
def test_a_broken_rule_is_pointed_at(broken: dict[str, Any], path: str) -> None:
    assert path in refused(raw(rules=[broken]))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"kind": "routing"}, "kind"),
        ({"groups": {"score": "all", "signals": "all"}}, "groups"),
        ({"groups": {"score": "sum"}}, "groups"),
        ({"settings": {"cap": 100}}, "settings.helpAbove"),
        ({"settings": {"cap": "100", "helpAbove": 50}}, "settings.cap"),
        ({"settings": {"cap": 100, "help_above": 50}}, "settings.helpAbove"),
        ({"settings": {"cap": 0, "helpAbove": 50}}, "settings.cap"),
        ({"rules": [rule()] * 2}, "rules[1].id"),
        ({"rules": [rule(id=f"x{at}") for at in range(201)]}, "rules"),
    ],
)
def test_a_broken_document_is_pointed_at(changes: dict[str, Any], path: str) -> None:
    assert path in refused(raw(**changes))


@pytest.mark.parametrize("nonsense", [None, [], "x", 7, {}])
def test_nonsense_is_refused(nonsense: Any) -> None:
    assert refused(nonsense)


def test_every_problem_is_told_at_once() -> None:
    paths = refused(raw(settings={}, rules=[rule(text="{a}"), rule(id="y", then={})]))
    assert {"settings.cap", "settings.helpAbove", "rules[0].text", "rules[1].then.points"} <= set(paths)


def test_routing_offers_only_known_channels() -> None:
    (chat,) = [rule for rule in ROUTING.shipped.rules if rule.id == "chat"]
    pigeon = chat.model_copy(update={"then": {"channels": ["PIGEON"], "autoEscalation": None, "priority": 3}})
    problems = ROUTING.check(ROUTING.shipped.model_copy(update={"rules": [pigeon]}))
    assert [problem.path for problem in problems] == ["rules[0].then.channels[0]"]


def test_kinds_are_found_by_name_and_only_once() -> None:
    kinds = Kinds(ORDERING_KINDS)
    assert kinds.names == (
        "friction",
        "notification",
        "routing",
        "escalation",
        "cx",
        "sla",
        "cost",
        "feedback",
        "casework",
        "assignment",
        "risk",
        "flow",
        "readiness",
        "recommendation",
        "alert",
        "keeping",
    )
    assert kinds["routing"] is ROUTING
    assert kinds.get("weather") is None
    with pytest.raises(ValueError, match="share a name"):
        Kinds([ROUTING, ROUTING])


def test_a_disabled_rule_does_not_fire() -> None:
    off = FRICTION.read(raw(rules=[rule(enabled=False), rule(id="y", then={"points": 7})]))
    verdict = FRICTION.compile(off, 4).evaluate({"price_check_count": 9}, group="score")
    assert (verdict.result, [f.rule_id for f in verdict.fired], verdict.version) == (7, ["y"], 4)


def test_a_group_must_be_named_when_there_are_two() -> None:
    compiled = FRICTION.compile(FRICTION.shipped, 1)
    with pytest.raises(ValueError, match="too many"):
        compiled.evaluate({})
    with pytest.raises(KeyError):
        compiled.evaluate({}, group="nowhere")


def test_the_engine_alone_refuses_what_cannot_run() -> None:
    document = RuleSetDocument(
        kind="any",
        groups={"g": "sum"},
        settings={"cap": "high"},
        rules=[Rule(id="a", label="A", group="g", when={}, then={})],
    )
    with pytest.raises(InvalidRules) as refusal:
        compile_rule_set(document, CATALOGUE, 1)
    assert [p.path for p in refusal.value.problems] == ["settings.cap", "rules[0].then.points", "rules[0].when"]


def test_base_floor_and_cap_bound_a_sum() -> None:
    document = RuleSetDocument(
        kind="readiness",
        groups={"score": "sum"},
        settings={"base": 50, "floor": 0, "cap": 100},
        rules=[
            Rule(
                id="down",
                label="Down",
                group="score",
                when={"fact": "guest_count", "op": "lt", "value": 10},
                then={"points": -60},
            ),
            Rule(
                id="up",
                label="Up",
                group="score",
                when={"fact": "guest_count", "op": "gt", "value": 10},
                then={"points": 50.5},
            ),
        ],
    )
    compiled = compile_rule_set(document, CATALOGUE, 1)
    assert [compiled.evaluate({"guest_count": n}).result for n in (9, 10, 11)] == [0, 50, 100]
    assert compiled.evaluate({"guest_count": 9}).fired[0].text == "Down"


def test_the_trace_answers_why() -> None:
    compiled = ROUTING.compile(ROUTING.shipped, 9)
    told = compiled.evaluate({"order_value": 12_000, "event_type": "OTHER"}).as_json()
    assert told["version"] == 9
    assert told["trace"] == [
        {
            "ruleId": "important_event",
            "fired": False,
            "because": [
                {
                    "fact": "event_type",
                    "op": "in",
                    "value": ["WEDDING", "CORPORATE", "RELIGIOUS"],
                    "actual": "OTHER",
                    "held": False,
                }
            ],
        },
        {
            "ruleId": "self_serve",
            "fired": False,
            "because": [
                {"fact": "order_value", "op": "exists", "value": False, "actual": 12_000, "held": False},
                {"fact": "order_value", "op": "lt", "value": 5_000, "actual": 12_000, "held": False},
            ],
        },
        {
            "ruleId": "chat",
            "fired": True,
            "because": [{"fact": "order_value", "op": "lt", "value": 25_000, "actual": 12_000, "held": True}],
        },
    ]
