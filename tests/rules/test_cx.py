"""The cx rules as shipped: a row per action of the source, and what bounds a discount."""

import pytest

from backend.agent.judging import judge
from backend.rules.prose import warnings_of
from backend.rules.shipped.cx import ACTIONS, APPROVED, BLOCKED, CX, DASHBOARD, HELP

SHIPPED = CX.compile(CX.shipped, 1)
DECISIONS = {
    **dict.fromkeys((*DASHBOARD, *HELP), "allowed"),
    **dict.fromkeys(APPROVED, "approval"),
    **dict.fromkeys(BLOCKED, "blocked"),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action(action: str) -> None:
    facts = {"action": action, "total_percent": 1.0, "total_amount": 100.0, "order_value": 10_000.0}
    found = judge(SHIPPED, facts)
    assert found.decision == DECISIONS[action]
    assert found.reason
    assert action in found.when


@pytest.mark.parametrize(
    ("percent", "amount", "decision"),
    [
        (9.9999, 5_000, "allowed"),
        (10, 5_000, "allowed"),
        (10.0001, 5_000, "approval"),
        (10, 4_999.99, "allowed"),
        (10, 5_000.01, "approval"),
        (None, 100, "approval"),  # a share that is not known is not within the limit
    ],
)
def test_the_limit_of_discounts(percent: float | None, amount: float, decision: str) -> None:
    facts = {"action": "APPLY_DISCOUNT", "total_percent": percent, "total_amount": amount}
    assert judge(SHIPPED, facts).decision == decision


def test_what_no_rule_knows_is_blocked() -> None:
    assert judge(SHIPPED, {}).decision == "blocked"
    nothing = CX.compile(CX.shipped.model_copy(update={"rules": []}), 2)
    found = judge(nothing, {"action": "REASSURE"})
    assert (found.decision, found.rule, found.version) == ("blocked", "none", 2)


def test_the_words_tell_the_numbers_of_the_conditions() -> None:
    (limit,) = [rule for rule in CX.shipped.rules if rule.id == "pre_approved_discount"]
    over = next(rule for rule in CX.shipped.rules if rule.id == "discount_over_limit")
    _, percent, amount = (part["value"] for part in limit.when["all"])
    for text in (limit.text, over.text):
        assert f"{percent} %" in text
        assert f"{amount:,}" in text


def test_there_is_no_gap() -> None:
    assert [warning for warning in warnings_of(CX, CX.shipped) if warning.startswith(("Gap", "Never"))] == []


@pytest.mark.parametrize("seconds", [0, -1, 30 * 86_400 + 1, "soon", None])
def test_an_approval_lasts_for_a_time_that_can_be(seconds: object) -> None:
    wrong = CX.shipped.model_copy(update={"settings": {"approvalExpiresAfterSeconds": seconds}})
    assert [problem.path for problem in CX.check(wrong)] == ["settings.approvalExpiresAfterSeconds"]
