"""The headless twin of who is asked and told: escalations, approvals, the floor, notifications, alerts, keys, audit."""

import json
import time

from tests.demo.twin.shell import Shell


def test_escalations(agent: Shell, admin: Shell) -> None:
    row = next(one for one in agent.json("queue", "--limit", "200")["items"] if one["escalationLevel"] is None)
    assert f"{row['ref']} is not escalated" in admin.refused("escalation", "resolve", row["ref"])
    raised = agent.json("escalation", "trigger", row["ref"], "system-bug", "--note", "The menu is empty")
    assert (raised["level"], raised["incidence"]["escalationLevel"]) == ("TECH_TEAM", "TECH_TEAM")
    assert "escalated to tech team already" in agent.refused("escalation", "trigger", row["ref"], "emotional")
    page = agent.json("escalation", "queue", "--level", "tech-team")["items"]
    (listed,) = [one for one in page if one["ref"] == row["ref"]]  # colleagues hand up too
    assert (listed["escalationId"], listed["note"]) == (raised["escalationId"], "The menu is empty")
    assert row["ref"] in agent.text("escalation", "queue")
    assert agent.json("queue", "--view", "escalated")["items"][0]["ref"] == row["ref"]
    assert "role supervisor" in agent.refused("escalation", "acknowledge", row["ref"])
    assert "yours to decide at tech team" in admin.text("escalation", "take", row["ref"])
    assert agent.json("incidence", "show", row["ref"])["incidence"]["agentName"] == "Kavya Menon"
    assert "has acknowledged it" in admin.refused("escalation", "acknowledge", raised["escalationId"])
    assert "handed it up" in agent.text("incidence", "show", row["ref"])
    assert "was handed back" in admin.text("escalation", "return", raised["escalationId"], "--note", "It loads again")
    assert row["ref"] not in agent.text("escalation", "queue", "--level", "tech-team")
    assert agent.json("escalation", "trigger", row["ref"], "policy-exception")["level"] == "SUPERVISOR"
    assert admin.json("escalation", "resolve", row["ref"])["status"] == "RESOLVED"
    assert "no escalation" in admin.refused("escalation", "resolve", "nothing")


def test_actions_and_approvals(agent: Shell, admin: Shell) -> None:
    rows = agent.json("queue", "--limit", "200")["items"]
    row = next(one for one in rows if one["orderValue"] and one["orderValue"] > 5_000)
    ref = row["ref"]
    told = {one["type"]: one for one in agent.json("action", "list", ref)}
    assert (told["APPLY_DISCOUNT"]["allowed"], told["CUSTOM_PRICING"]["needsApproval"]) == (True, True)
    assert "nothing is pushed" in agent.text("action", "list", ref)
    assert "apply discount is done" in agent.text("action", "run", ref, "apply-discount", "--params", '{"percent": 1}')
    assert "is blocked" in agent.refused("action", "run", ref, "upsell")
    assert "percent or an amount" in agent.refused("action", "run", ref, "apply-discount")
    assert "no action" in agent.refused("action", "run", ref, "dance")
    assert "no JSON" in agent.refused("action", "run", ref, "reassure", "--params", "{")
    asked = agent.run("action", "run", ref, "apply-discount", "--params", '{"percent": 30}', "--json")
    answer = json.loads(asked.stdout)
    assert (asked.exit_code, answer["code"]) == (1, "APPROVAL_REQUIRED")
    assert "role supervisor" in agent.refused("approval", "list")
    listed = admin.json("approval", "list")["items"]
    assert answer["details"]["approvalId"] in [one["approvalId"] for one in listed]
    assert "discount 30 %" in admin.text("approval", "list")
    assert "approved by Kavya Menon" in admin.text("approval", "approve", ref, "--note", "Fine, once.")
    assert "nothing is asked for" in admin.refused("approval", "deny", ref)
    id = json.loads(agent.run("action", "run", ref, "custom-pricing", "--json").stdout)["details"]["approvalId"]
    assert admin.json("approval", "deny", id)["status"] == "DENIED"
    assert "Kavya Menon has decided it" in admin.refused("approval", "deny", id)
    assert "approved" in agent.text("incidence", "show", ref)


def test_the_floor_and_who_is_there(agent: Shell, admin: Shell) -> None:
    me = agent.json("availability")
    assert me["availability"] == "OFFLINE", "a shell is no console that is connected"
    away = agent.json("availability", "away", "--reason", "lunch", "--back", "45m")
    assert (away["awayReason"], away["availability"]) == ("lunch", "OFFLINE")
    assert "is offline (lunch)" in agent.text("availability")
    assert "is no time" in agent.refused("availability", "away", "--back", "someday")
    assert "is offline." in agent.text("availability", "online")
    assert f"{me['name']} can have 3 cases" in admin.text("capacity", me["email"], "3")
    floor = admin.json("floor")
    (mine,) = [one for one in floor["members"] if one["member"]["id"] == me["id"]]
    assert (mine["capacity"], mine["member"]["capacity"]) == (3, 3)
    told = admin.text("floor")
    assert f"{mine['load']}/3" in told
    assert f"{floor['unassigned']['waiting']} wait for an owner" in told
    assert "role supervisor" in agent.refused("capacity", me["email"], "90")
    assert "of 3 open cases" in agent.refused("next")
    assert agent.json("next", "--force")["reasons"][-1] == f"you are at {mine['load'] + 1} of 3"
    assert "say a number" in admin.refused("capacity", me["email"], "many")
    assert admin.json("capacity", me["id"], "role")["capacity"] is None


def test_notifications(agent: Shell) -> None:
    user = agent.json("queue", "--limit", "1")["items"][0]["userId"]
    told = agent.json("notifications", "trigger", user)
    assert (told["notification"] is None) == (told["reason"] is not None)
    assert "id nor cause" in agent.refused("notifications", "trigger", user, "--cause", "No Cause")
    assert "no customer" in agent.refused("notifications", "list", "nobody-at-all")
    assert agent.json("notifications", "suppress", user, "--seconds", "60")["userId"] == user
    assert agent.json("notifications", "trigger", user)["reason"] in ("SUPPRESSED", "NOT_IN_APP")
    assert "nothing is offered until" in agent.text("notifications", "suppress", user, "--seconds", "0")
    assert agent.json("notifications", "list", user)["toShow"] == []


def test_alerts(agent: Shell, admin: Shell) -> None:
    """A case handed up is told to the admin, and what became of it to the agent: by jobs, so a moment later."""
    row = next(one for one in agent.json("queue", "--limit", "200")["items"] if one["escalationLevel"] is None)
    agent.text("escalation", "trigger", row["ref"], "emotional")
    assert "was handed back" in admin.text("escalation", "return", row["ref"])
    deadline, told = time.monotonic() + 20, None
    while told is None and time.monotonic() < deadline:
        unread = agent.json("alerts", "list", "--unread")["items"]
        said = "Kavya Menon handed it back at senior agent"
        told = next((one for one in unread if one["message"] == said and one["ref"] == row["ref"]), None)
    assert told is not None
    assert told["kind"] == "ESCALATION_ANSWERED"
    assert told["ref"] in agent.text("alerts", "list")
    assert agent.json("alerts", "read", told["id"])["read"] is True
    assert "no alert" in admin.refused("alerts", "read", told["id"])
    before = {one["id"] for one in admin.json("alerts", "list", "--unread")["items"]}
    assert "were unread" in admin.text("alerts", "read-all")
    assert not before & {one["id"] for one in admin.json("alerts", "list", "--unread")["items"]}  # new ones may come
    assert admin.text("alerts", "mute", "watched", "assigned") == "You hear nothing of: assigned, watched.\n"
    assert admin.json("alerts", "unmute", "watched") == admin.json("alerts", "muted") == {"kinds": ["ASSIGNED"]}
    assert "no such kind" in admin.refused("alerts", "mute", "everything")


def test_keys_are_for_admins(agent: Shell, admin: Shell) -> None:
    assert "role admin" in agent.refused("keys", "list")
    made = admin.json("keys", "create", "till", "--scope", "track")
    assert made["scopes"] == ["track"]
    turned = admin.json("keys", "rotate", made["id"])
    assert turned["key"] != made["key"]
    admin.text("keys", "revoke", made["id"])
    assert "revoked" in admin.refused("keys", "rotate", made["id"])
    assert "revoked" in admin.text("keys", "list")
    page = admin.json("keys", "create", "page", "--origin", "https://shop.example")
    assert page["scopes"] == ["retention", "track"]
    assert "pages of https://shop.example" in admin.text("keys", "list")
    assert "everybody can read" in admin.refused(
        "keys", "create", "p", "--origin", "https://a.example", "--scope", "context"
    )
    assert "unknown scopes" in admin.refused("keys", "create", "till", "--scope", "everything")


def test_the_audit_is_for_supervisors(agent: Shell, admin: Shell) -> None:
    assert "role supervisor" in agent.refused("audit", "verify")
    assert "The chain is whole" in admin.text("audit", "verify")
    assert admin.json("audit", "list", "--type", "key.created", "--limit", "1")["items"][0]["type"] == "key.created"
    assert "incidence.opened" in admin.text("audit", "list", "--type", "incidence.opened")
