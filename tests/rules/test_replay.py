"""Replay: which decisions of history a new version would change."""

from typing import Any

from backend.rules.documents import RuleSetDocument
from backend.rules.replay import Case, diff
from backend.rules.shipped.friction import FRICTION
from backend.rules.shipped.routing import ROUTING

OLD = ROUTING.compile(ROUTING.shipped, 1)
HISTORY = [Case(f"case-{value}", {"order_value": value}) for value in (4_999, 5_000, 5_999, 6_000, 24_999, 25_000)]


def with_limit(limit: int) -> RuleSetDocument:
    raw = ROUTING.shipped.model_dump(mode="json")
    raw["rules"][1]["when"]["any"][1]["value"] = limit
    return ROUTING.read(raw)


def test_the_same_rules_change_nothing() -> None:
    found = diff(OLD, ROUTING.compile(ROUTING.shipped, 2), HISTORY)
    assert (found.cases, found.changed, found.changes) == (6, 0, [])


def test_a_moved_limit_changes_exactly_the_cases_between() -> None:
    found = diff(OLD, ROUTING.compile(with_limit(6_000), 2), iter(HISTORY))
    assert [change.case_id for change in found.changes] == ["case-5000", "case-5999"]
    first = found.changes[0]
    assert (first.before["channels"], first.after["channels"]) == (["CHAT"], [])
    assert (first.fired_before, first.fired_after) == (("chat",), ("self_serve",))
    assert (found.cases, found.changed, found.by_group) == (6, 2, {"channels": 2})


def test_only_examples_are_kept_but_all_are_counted() -> None:
    found = diff(OLD, ROUTING.compile(with_limit(6_000), 2), HISTORY * 50, keep=3)
    assert (found.cases, found.changed, len(found.changes)) == (300, 100, 3)


def friction(settings: dict[str, Any]) -> RuleSetDocument:
    return FRICTION.shipped.model_copy(update={"settings": settings})


def test_a_changed_setting_counts_when_the_kind_says_it_decides() -> None:
    old = FRICTION.compile(FRICTION.shipped, 1)
    new = FRICTION.compile(friction({"cap": 100, "helpAbove": 49}), 2)
    history = [Case("at", {"inactivity_seconds": 61, "price_check_count": 6}), Case("calm", {"inactivity_seconds": 1})]
    assert diff(old, new, history).changed == 0
    found = diff(old, new, history, decide=FRICTION.decide)
    assert [(c.case_id, c.group, c.before, c.after) for c in found.changes] == [
        ("at", "score", {"score": 50, "triggered": False}, {"score": 50, "triggered": True})
    ]


def test_a_group_only_one_side_has_is_a_change_from_nothing() -> None:
    found = diff(OLD, FRICTION.compile(FRICTION.shipped, 1), [Case("a", {"order_value": 1})])
    assert {change.group: (change.before is None, change.after is None) for change in found.changes} == {
        "channels": (False, True),
        "score": (True, False),
        "signals": (True, False),
    }
