"""An incidence's dashboard as plain text."""

from datetime import datetime
from typing import Any

from backend.core.clock import RealClock
from console.desk import promise, wording
from widgets.plain import plain, plain_lines

_WORDS = {
    "incidence.opened": "opened",
    "incidence.taken": "took it",
    "incidence.message_received": "wrote",
    "incidence.message_sent": "answered",
    "incidence.note_added": "noted",
    "incidence.closed": "closed it",
    "incidence.reopened": "reopened it",
    "incidence.snoozed": "put it away",
    "incidence.snooze_ended": "woke it",
    "incidence.assigned": "assigned it",
    "incidence.status_changed": "changed its status",
    "incidence.changed": "changed it",
    "incidence.channel_escalated": "allowed another channel",
    "incidence.friction_noticed": "noticed friction",
    "incidence.help_wanted": "noted that the customer accepted help",
    "notification.offered": "offered help in the app",
    "notification.seen": "tells that the customer saw the offer",
    "notification.dismissed": "tells that the customer dismissed the offer",
    "notification.accepted": "tells that the customer accepted the offer",
    "incidence.sla_warned": "saw a target near",
    "incidence.sla_breached": "saw a target missed",
    "incidence.sla_changed": "clocked it anew",
    "incidence.escalated": "handed it up",
    "incidence.escalation_acknowledged": "acknowledged the escalation",
    "incidence.escalation_returned": "handed it back",
    "incidence.escalation_resolved": "settled the escalation",
    "incidence.action_denied": "was not allowed",
    "incidence.action_done": "did",
    "incidence.discount_applied": "gave a discount",
    "outgoing.sent": "was delivered",
    "outgoing.failed": "could not be delivered",
    "outgoing.retried": "tries it once more",
    "subscription.change_denied": "was not allowed to change the subscription",
    "subscription_change.asked": "asks Stripe to change the subscription",
    "subscription_change.done": "changed the subscription",
    "subscription_change.failed": "could not change the subscription",
    "subscription_change.mismatched": "finds the subscription otherwise at Stripe",
    "approval.requested": "asks a supervisor",
    "approval.approved": "approved",
    "approval.denied": "denied",
    "approval.expired": "let a request expire",
    "approval.withdrawn": "took a request back",
}


def described(board: dict[str, Any]) -> str:
    """The Dashboard (plain data) from top to bottom, safe to print."""
    row, who, order = board["incidence"], board["userDetails"], board["orderContext"]
    state = row["outcome"] or row["status"]
    lines = [
        f"{row['ref']}  P{row['priority']}  {state.lower()}  version {row['version']}  {plain(row['summary'])}",
        f"Customer   {plain(who['name'])} ({plain(who['userId'])}), {who['tier'].lower()}, speaks {plain(who['language'])},"
        f" {who['pastOrderCount']} orders; {plain(who['email'] or 'no e-mail')}, {plain(who['phone'] or 'no phone')}",
        f"With       {plain(row['agentName'] or 'nobody')}; channels: {wording.channels(row['allowedChannels'])}"
        f" ({plain(row['routing'].get('text', ''))})",
        *([_promise(row, board["sla"])] * bool(board["sla"])),
        _order(order),
        _app(board["appState"]),
        _friction(board["friction"]),
        *(
            ["Last seen  " + "; ".join(_earlier(one) for one in board["previousIncidences"][:3])]
            * bool(board["previousIncidences"])
        ),
        "",
        *(line for entry in board["timeline"] for line in _entry(entry)),
    ]
    return "\n".join(lines)


def _promise(row: dict[str, Any], sla: dict[str, Any]) -> str:
    now = RealClock().now()
    opens = datetime.fromisoformat(sla["countsFrom"]) if sla["countsFrom"] else None
    said = "".join(text for text, _ in promise.named(row, now)) or sla["state"].lower()
    missed = [f"missed {promise.TARGETS[one['target']]} of {one['dueAt'][:16]}" for one in sla["breaches"]]
    return plain("SLA        " + "; ".join(part for part in (said, promise.why(row, opens, now), *missed) if part))


def _order(order: dict[str, Any]) -> str:
    parts = [wording.money(order["estimatedValue"], order["currency"]), str(order["eventType"] or "")]
    parts += [f"{order['guestCount']} guests" if order["guestCount"] else "", str(order["eventDate"] or "")]
    items = ", ".join(
        str(item.get("name", item)) if isinstance(item, dict) else str(item) for item in order["cartItems"]
    )
    return plain(
        "Order      " + (", ".join(part for part in parts if part) or "none") + (f": {items}" if items else "")
    )


def _app(state: dict[str, Any]) -> str:
    walked = " > ".join([*state["previousScreens"], state["currentScreen"] or "not in the app"])
    return plain(f"App        {walked}")


def _friction(friction: dict[str, Any]) -> str:
    reasons = "; ".join(f"{reason['text']} (+{reason['points']})" for reason in friction["reasons"])
    return plain(f"Friction   {friction['score']}" + (f": {reasons}" if reasons else ""))


def _earlier(one: dict[str, Any]) -> str:
    return plain(f"{one['ref']} {(one['outcome'] or one['status']).lower()} {one['summary']}")


def _entry(entry: dict[str, Any]) -> list[str]:
    data = entry["data"] or {}
    name = data.get("from") or entry["actor"]["name"] or entry["actor"]["kind"] or ""
    told = _WORDS.get(entry["type"], entry["type"].rpartition(".")[2].replace("_", " "))
    first = f"{entry['at'][:16].replace('T', ' ')}  {plain(str(name))} {told}"
    said = (
        data.get("text")
        or "; ".join(data.get("diff", ()))
        or data.get("reason")
        or data.get("error")
        or data.get("words")
        or ""
    )
    return [first, *(f"    {line}" for line in plain_lines(str(said)) if line)]
