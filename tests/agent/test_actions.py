"""What agents do to cases: each action of the source, allowed, refused and recorded, and by which rules."""

from typing import Any

import pytest

from backend.agent import judging, params
from backend.incidences.schemas import IncidenceChange
from backend.rules.shipped.cx import ACTIONS, APPROVED, BLOCKED, DASHBOARD, HELP
from backend.signals.schemas import CartPut
from tests.agent.asks import act, denied, kinds, refused
from tests.support.backend import Backend
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


async def test_blocked_outright(backend: Backend) -> None:
    """Nobody may, whatever their role; each try is in the audit, whose chain stays whole, and nothing else happened."""
    agent, owner, case = await backend.member("agent"), await backend.owner(), await open_case(await backend.key())
    for action in BLOCKED:
        for client in (agent, owner):
            error = await refused(act(client, case, action, what="a bigger cake"))
            assert (error.status, error.code) == (403, "ACTION_BLOCKED")
            assert error.details["rule"] == action.lower()
            assert error.details["reason"] in error.message
            assert "approvalId" not in error.details
    tries = await denied(owner)
    assert [entry["actor"]["name"] for entry in tries] == ["Owner 1", "Agent 2"] * len(BLOCKED)
    assert [entry["data"]["action"] for entry in tries[::-2]] == list(BLOCKED)
    assert tries[0]["data"]["params"] == {"what": "a bigger cake"}
    assert (await owner.audit.verify())["isWhole"]
    assert await agent.incidences.show(case.incidence_id) == case
    assert (await owner.approvals.list()).items == []


async def test_approval_is_needed_whoever_asks(backend: Backend) -> None:
    owner, case = await backend.owner(), await open_case(await backend.key())
    asked = []
    for action in APPROVED:
        error = await refused(act(owner, case, action))
        assert (error.status, error.code) == (403, "APPROVAL_REQUIRED")
        asked.append(error.details["approvalId"])
    assert [approval.approval_id for approval in (await owner.approvals.list(status="PENDING")).items] == asked
    assert [entry["data"]["approvalId"] for entry in await denied(owner)] == asked[::-1]
    assert await owner.incidences.show(case.incidence_id) == case


async def test_helping_is_allowed_and_on_record(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    for number, action in enumerate(HELP, 2):
        answer = await act(agent, case, action, reason="asked about spices")
        assert (answer.rule, answer.incidence.version) == ("help", number)
        entry = (await agent.incidences.timeline(case.incidence_id)).items[-1]
        assert (entry.type, entry.data and entry.data["action"]) == ("incidence.action_done", action)


async def test_modify_order_before_it_is_placed(backend: Backend) -> None:
    """The case and the customer's cart change; what is not named stays."""
    agent, key = await backend.member("agent"), await backend.key()
    cart = CartPut(cart_items=["Veg thali"], guest_count=40, event_date="2027-01-09", estimated_value=12_000)  # type: ignore[arg-type]
    await key.context.set_cart("u-1", cart)
    case = await open_case(key, selectedItems=["Veg thali"])
    answer = await act(agent, case, "MODIFY_ORDER", orderValue=42_000, guestCount=140, reason="the whole village comes")
    assert (answer.incidence.order_value, answer.incidence.allowed_channels) == (42_000, ["CHAT", "CALL"])
    assert answer.incidence.user_inputs["guestCount"] == 140
    context = await key.context.show("u-1")
    assert (context.guest_count, context.estimated_value, context.cart_items) == (140, 42_000, ["Veg thali"])
    assert str(context.event_date) == "2027-01-09"
    entry = (await agent.incidences.timeline(case.incidence_id)).items[-1]
    assert entry.data is not None
    assert entry.data["action"] == "MODIFY_ORDER"
    assert entry.data["changes"]["order_value"] == [12_000, 42_000]
    answer = await act(agent, case, "MODIFY_ORDER", selectedItems=["Royal thali"], eventDate="2027-02-01")
    assert answer.incidence.selected_items == ["Royal thali"]
    board = await agent.agent.dashboard(case.incidence_id)
    assert (board.order_context.event_date, board.order_context.cart_items) == ("2027-02-01", ["Royal thali"])


async def test_modify_order_after_it_was_placed(backend: Backend) -> None:
    """The cart of the next order is left alone."""
    agent, key = await backend.member("agent"), await backend.key()
    await key.context.set_cart("u-1", CartPut(cart_items=["Something else"], guest_count=3))
    case = await open_case(key, stage="POST_ORDER", orderId="ORD-1")
    answer = await act(agent, case, "MODIFY_ORDER", guestCount=60)
    assert (answer.incidence.order_impact, answer.incidence.user_inputs) == ("MODIFIED", {"guestCount": 60})
    assert (await key.context.show("u-1")).guest_count == 3


async def test_reassign_escalate_and_close(backend: Backend) -> None:
    agent, other = await backend.member("agent"), await backend.member("agent")
    case = await open_case(await backend.key())
    member = (await other.identity.me()).member_id
    assert (await act(agent, case, "REASSIGN", agentId=member)).incidence.agent_id == member
    raised = await act(agent, case, "ESCALATE", reason="SYSTEM_BUG", note="the menu is empty")
    assert raised.incidence.escalation_level == "TECH_TEAM"
    closed = await act(agent, case, "CLOSE_RESOLVED", issueCategory="menu", outcome="CONVERTED", orderImpact="PLACED")
    told = closed.incidence
    assert (told.status, told.outcome, told.issue_category, told.order_impact) == (
        "CLOSED",
        "CONVERTED",
        "menu",
        "PLACED",
    )
    dropped = await act(agent, await open_case(await backend.key()), "CLOSE_DROPPED", reason="went away")
    assert (dropped.incidence.status, dropped.incidence.outcome) == ("CLOSED", "DROPPED")
    assert await kinds(agent, case) == [
        "incidence.opened",
        "incidence.assigned",
        "incidence.escalated",
        "incidence.closed",
    ]


WRONG: tuple[tuple[str, dict[str, Any], int, str], ...] = (
    ("APPLY_DISCOUNT", {}, 400, "percent or an amount"),
    ("APPLY_DISCOUNT", {"percent": 5, "amount": 5}, 400, "percent or an amount"),
    ("APPLY_DISCOUNT", {"percent": 0}, 400, "params.percent"),
    ("APPLY_DISCOUNT", {"percent": 100.5}, 400, "params.percent"),
    ("APPLY_DISCOUNT", {"percent": "NaN"}, 400, "params.percent"),
    ("APPLY_DISCOUNT", {"amount": -1}, 400, "params.amount"),
    ("APPLY_DISCOUNT", {"amount": 0.001}, 422, "comes to nothing"),
    ("APPLY_DISCOUNT", {"amount": 12_000.01}, 422, "more than that"),
    ("APPLY_DISCOUNT", {"percent": 5, "code": "X"}, 400, "params.code"),
    ("MODIFY_ORDER", {}, 400, "what of the order changes"),
    ("MODIFY_ORDER", {"guestCount": -1}, 400, "params.guestCount"),
    ("MODIFY_ORDER", {"eventDate": "soon"}, 400, "params.eventDate"),
    ("MODIFY_ORDER", {"selectedItems": "all"}, 400, "params.selectedItems"),
    ("REASSIGN", {}, 400, "params.agentId"),
    ("REASSIGN", {"agentId": "nobody"}, 422, "no such member"),
    ("ESCALATE", {"reason": "BORED"}, 400, "params.reason"),
    ("ESCALATE", {"reason": "HIGH_VALUE"}, 422, "No escalation rule"),
    ("CLOSE_RESOLVED", {"outcome": "DROPPED"}, 400, "params.outcome"),
    ("CUSTOM_PRICING", {"orderValue": -5}, 400, "params.orderValue"),
)


async def test_wrong_parameters_change_nothing(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    for action, wrong, status, says in WRONG:
        error = await refused(act(agent, case, action, **wrong))
        assert (error.status, says in error.message) == (status, True), (action, wrong, error.message)
    assert await agent.incidences.show(case.incidence_id) == case
    assert await kinds(agent, case) == ["incidence.opened"]


async def test_stale_closed_and_foreign(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key)
    await act(agent, case, "REASSURE")
    stale = await refused(act(agent, case, "REASSURE", version=case.version))
    assert (stale.status, stale.code, stale.details["current"]["version"]) == (409, "STALE_VERSION", 2)
    assert [entry["type"] for entry in stale.details["since"]] == ["incidence.action_done"]
    denied = await refused(act(agent, case, "UPSELL", version=case.version))
    assert denied.code == "STALE_VERSION", "who looks at an old case is told so first"
    assert (await refused(act(await backend.another_owner(), case, "REASSURE", version=1))).status == 404
    assert (await refused(act(key, case, "REASSURE", version=1))).status == 403
    worthless = await open_case(key, "b", orderValue=None)
    assert (await refused(act(agent, worthless, "APPLY_DISCOUNT", percent=5))).code == "ORDER_VALUE_UNKNOWN"
    await act(agent, case, "CLOSE_DROPPED")
    assert (await refused(act(agent, case, "REASSURE"))).code == "INCIDENCE_CLOSED"
    board = await agent.agent.dashboard(case.incidence_id)
    assert {(verdict.allowed, verdict.needs_approval) for verdict in board.actions} == {(False, False)}
    assert "closed" in (board.actions[0].reason or "")


async def test_the_verdict_before_the_key_is_pressed(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    board = await agent.agent.dashboard(case.incidence_id)
    assert tuple(verdict.type for verdict in board.actions) == ACTIONS
    told = {verdict.type: verdict for verdict in board.actions}
    for action in (*DASHBOARD, *HELP):
        assert (told[action].allowed, told[action].needs_approval) == (True, False), action
    for action in APPROVED:
        assert (told[action].allowed, told[action].needs_approval) == (False, True), action
    for action in BLOCKED:
        assert (told[action].allowed, told[action].needs_approval) == (False, False), action
    discount = told["APPLY_DISCOUNT"]
    assert discount.reason == "pre-approved up to 10 % of the order and 5,000 in all"
    assert discount.when == "action is APPLY_DISCOUNT and discount in all <= 10 % and discount in all <= 5,000"
    assert [(param.name, param.kind) for param in discount.params] == [
        ("reason", "text"),
        ("percent", "percent"),
        ("amount", "money"),
    ]
    assert all(verdict.rule and verdict.rule_version == 1 for verdict in board.actions)
    worthless = await open_case(await backend.key(), "b", orderValue=None)
    first = (await agent.agent.dashboard(worthless.incidence_id)).actions[0]
    assert (first.allowed, first.needs_approval, "not known" in (first.reason or "")) == (False, False, True)


async def test_the_rules_are_data(backend: Backend) -> None:
    """An admin lets agents give more, and stops everybody from dropping dear cases."""
    agent, owner, case = await backend.member("agent"), await backend.owner(), await open_case(await backend.key())
    rules = await owner.rules.show("cx")
    wanted = [dict(rule) for rule in rules["rules"]]
    place = next(n for n, rule in enumerate(wanted) if rule["id"] == "pre_approved_discount")
    wanted[place]["when"]["all"][1]["value"] = 20
    dear = {"fact": "order_value", "op": "gt", "value": 10_000}
    stop = {
        "id": "no_dropping",
        "label": "No dropping",
        "group": "actions",
        "enabled": True,
        "text": "too dear to drop",
    }
    stop |= {"when": {"all": [{"fact": "action", "op": "eq", "value": "CLOSE_DROPPED"}, dear]}}
    stop |= {"then": {"decision": "blocked"}}
    draft = {"rules": [stop, *wanted]}
    await refused(act(agent, case, "APPLY_DISCOUNT", percent=15))
    tried = await owner.rules.dry_run("cx", draft)
    assert (tried["cases"], tried["changed"]) == (1, 1)
    assert tried["changes"][0]["ref"] == case.ref
    assert (tried["changes"][0]["before"], tried["changes"][0]["after"]) == (
        {"decision": "approval"},
        {"decision": "allowed"},
    )
    await owner.rules.publish("cx", {"version": 1, "reason": "festival", **draft})
    answer = await act(agent, case, "APPLY_DISCOUNT", percent=15)
    assert (answer.rule_version, answer.allowed) == (2, True)
    error = await refused(act(agent, case, "CLOSE_DROPPED"))
    assert (error.code, error.details["rule"], error.details["ruleVersion"]) == ("ACTION_BLOCKED", "no_dropping", 2)


GOOD: dict[str, dict[str, Any]] = {
    "APPLY_DISCOUNT": {"percent": 1},
    "MODIFY_ORDER": {"guestCount": 9},
    "REASSIGN": {"agentId": "me"},
    "ESCALATE": {"reason": "EMOTIONAL"},
    "CUSTOM_PRICING": {"orderValue": 1},
    "OFF_CATALOG_ITEM": {"item": "Cake"},
    "MANUAL_DISCOUNT_OVER_LIMIT": {"percent": 50},
}
"""Parameters of those actions that need some."""


async def test_each_action_is_refused_where_the_rules_do_not_allow_it(backend: Backend) -> None:
    agent, owner, case = await backend.member("agent"), await backend.owner(), await open_case(await backend.key())
    nothing = [rule for rule in (await owner.rules.show("cx"))["rules"] if rule["id"] == "anything_else"]
    await owner.rules.publish("cx", {"version": 1, "rules": nothing, "reason": "a day off"})
    for action in ACTIONS:
        error = await refused(act(agent, case, action, **GOOD.get(action, {})))
        assert (error.status, error.code, error.details["rule"]) == (403, "ACTION_BLOCKED", "anything_else"), action
    assert [entry["data"]["action"] for entry in await denied(owner)] == list(ACTIONS[::-1])
    assert {entry["data"]["ruleVersion"] for entry in await denied(owner)} == {2}
    assert await agent.incidences.show(case.incidence_id) == case
    board = await agent.agent.dashboard(case.incidence_id)
    assert {(one.allowed, one.needs_approval, one.reason) for one in board.actions} == {
        (False, False, "no rule allows it")
    }


async def test_the_rules_hold_at_every_door(backend: Backend) -> None:
    """What may not be done as an action may not be done by changing the case either, alone or with many."""
    agent, owner, key = await backend.member("agent"), await backend.owner(), await backend.key()
    case, other = await open_case(key), (await (await backend.member("agent")).identity.me()).member_id
    rules = [dict(rule) for rule in (await owner.rules.show("cx"))["rules"]]
    for rule in rules:
        if rule["id"] == "work":
            rule["then"] = {"decision": "blocked"}
    await owner.rules.publish("cx", {"version": 1, "rules": rules, "reason": "hands off"})
    doors: tuple[dict[str, Any], ...] = ({"outcome": "DROPPED"}, {"status": "CLOSED"}, {"outcome": "CONVERTED"})
    doors += ({"agentId": other}, {"orderValue": 1}, {"selectedItems": ["a"]})
    for fields in doors:
        body = IncidenceChange.model_validate({"version": case.version, **fields})
        error = await refused(agent.incidences.change(case.incidence_id, body))
        assert (error.status, error.code, error.details["rule"]) == (403, "ACTION_BLOCKED", "work"), fields
    assert [entry["data"]["action"] for entry in (await denied(owner))[::-1]] == [
        "CLOSE_DROPPED",
        "CLOSE_RESOLVED",
        "CLOSE_RESOLVED",
        "REASSIGN",
        "MODIFY_ORDER",
        "MODIFY_ORDER",
    ]
    assert await agent.incidences.show(case.incidence_id) == case
    mine = await agent.incidences.take(case.incidence_id)
    free = IncidenceChange.model_validate({"version": mine.version, "agentId": None, "priority": 1, "summary": "x"})
    assert (await agent.incidences.change(case.incidence_id, free)).priority == 1
    assert (await owner.audit.verify())["isWhole"]


def test_every_action_has_parameters_and_a_rule() -> None:
    assert set(params.MODELS) == set(ACTIONS)
    assert all(params.told_of(action) for action in params.MODELS)
    assert set(judging.DISCOUNTS) < set(ACTIONS)
