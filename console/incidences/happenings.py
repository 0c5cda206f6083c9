"""Frames of the feed as entries of a timeline: who said or did what, in words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from console.desk import ages, wording
from console.desk.promise import happened
from console.escalations import ladder
from console.incidences import deliveries
from widgets.timeline_book import Entry

Frame = Mapping[str, Any]
NameOf = Callable[[str], str]
"""The name of a member by id."""

SPOKEN = {
    "incidence.message_received": "customer",
    "incidence.message_sent": "agent",
    "incidence.note_added": "note",
}
"""Events that are somebody's words, with the kind of their entry."""

_FIELDS = {
    "agentId": "agent",
    "assigneeId": "whose",
    "nextAction": "next",
    "dueDate": "due",
    "agent_id": "agent",
    "order_value": "value",
    "event_type": "event",
    "app_screen": "screen",
    "issue_category": "category",
    "root_cause": "root cause",
    "resolution_type": "resolution",
    "order_impact": "impact on the order",
    "order_id": "order",
    "snoozed_until": "snoozed until",
    "user_inputs": "inputs",
    "selected_items": "items",
}
_LONG = 60
"""Characters of a changed value that are shown."""


def entry_of(frame: Frame, customer: str, name_of: NameOf, now: datetime) -> Entry:
    """The entry of one event. What a customer said is theirs, whoever brought it here."""
    actor = frame.get("actor") or {}
    kind = SPOKEN.get(frame["type"], "system")
    name = actor.get("name") or {"customer": customer, "system": "Holdfast"}.get(actor.get("kind") or "", "Somebody")
    author = customer if kind == "customer" and actor.get("kind") != "customer" else name
    data = frame.get("data") or {}
    text = str(data.get("text", "")) if kind != "system" else told(frame["type"], data, name_of, now)
    return Entry(frame["seq"], ages.local(frame["at"], now), author, kind, text)


def told(kind: str, data: Mapping[str, Any], name_of: NameOf, now: datetime) -> str:
    """What happened, as the end of a sentence that begins with who did it."""
    reason = f" ({data['reason']})" if data.get("reason") else ""
    match kind.removeprefix("incidence."):
        case "opened":
            return f"opened it · {_routed(data)}"
        case "taken":
            why = wording.spoken("; ".join(map(str, data.get("reasons") or ())))
            return (f"took it ({why})" if why else "took it") + _beyond(data)
        case "assigned":
            return _assigned(data, name_of) + reason + _beyond(data)
        case "offered_again":
            return f"offered it to everybody again: {data.get('reason', '')}"
        case "closed":
            return f"solved it: {_after(data, 'outcome', 'resolved').lower()}{reason}"
        case "reopened":
            return f"reopened it{reason}"
        case "snoozed":
            return f"snoozed it until {ages.local(_after(data, 'snoozed_until', '') or None, now)}{reason}"
        case "snooze_ended":
            return "woke it: the snooze is over"
        case "channel_escalated":
            before, after = (data.get("channels") or [[], []])[:2]
            return f"set channels {wording.channels(before)} → {wording.channels(after)}{reason}"
        case "escalated":
            level = ladder.words(str((data.get("level") or ["", "?"])[1]))
            return f"handed it up to {level}: {data.get('why', '')}{_noted(data)}"
        case "escalation_acknowledged":
            return f"took it on at {ladder.words(str(data.get('level')))}, so it climbs no further{_noted(data)}"
        case "escalation_returned":
            return f"handed it back from {ladder.words(str(data.get('level')))}{_noted(data)}"
        case "escalation_resolved":
            return f"settled what it was handed up to {ladder.words(str(data.get('level')))} for{_noted(data)}"
        case "action_denied":
            return f"may not {_action(data)}: {data.get('reason', '')}"
        case "action_done":
            return f"{_action(data)}{_given(data)}{_approved(data)}"
        case "discount_applied":
            amount = wording.money(data.get("amount"), str(data.get("currency") or ""))
            return f"gave a discount of {amount} ({data.get('percent', 0):g} %){_approved(data)}"
        case "approval.requested":
            return f"asks a supervisor: {_what(data)} · {data.get('reason', '')}"
        case "approval.approved":
            failure = f", but it was not done: {data['failure']}" if data.get("failure") else ""
            return f"approved: {_what(data)}{failure}{_noted(data)}"
        case "approval.denied":
            return f"denied: {_what(data)}{_noted(data)}"
        case "approval.expired" | "approval.withdrawn":
            return f"took back what was asked, {data.get('failure', 'not decided in time')}: {_what(data)}"
        case "merged" | "unmerged" | "absorbed" | "released" | "linked" | "unlinked" as joined:
            return _joined(joined, data) + reason
        case "change_undone":
            return f"took back what was done to many: {_changes(data, name_of) or 'nothing was left of it'}"
        case "labels_changed":
            signed = [
                *(f"#{name}" for name in data.get("added", ())),
                *(f"-#{name}" for name in data.get("removed", ())),
            ]
            return f"labelled it {' '.join(signed)}"
        case "watchers_changed":
            return "watches it" if data.get("added") else "watches it no more"
        case "sla_warned" | "sla_breached" | "sla_changed":
            return happened(kind, data, now) + reason
        case "webhook.dead":
            return "could not tell an endpoint of webhooks of this (g i says why)"
        case "outgoing.failed" | "outgoing.retried":
            return deliveries.told(kind, data)
        case "notification.offered" | "notification.seen" | "notification.dismissed" | "notification.accepted":
            return f"{_OFFERS[kind]}: “{data.get('text', '')}”"
        case "subscription.change_denied":
            return f"subscription: not allowed: {data.get('words', '?')}{reason}"
        case "subscription_change.asked" | "subscription_change.done" | "subscription_change.failed":
            return _ON_SUBSCRIPTION[kind].format(words=data.get("words", "?"), error=data.get("error", "?"))
        case "subscription_change.mismatched":
            return f"subscription: {data.get('words', '?')}, and Stripe shows otherwise: {data.get('error', '?')}"
        case (
            "playbook_execution.started"
            | "playbook_execution.step_done"
            | "playbook_execution.ended"
            | "playbook_execution.failed"
            | "playbook_execution.wait_changed"
            | "playbook_execution.paused"
            | "playbook_execution.resumed"
            | "playbook_execution.staff_notified"
        ):
            return f"playbook {data.get('playbook', '?')}: {_of_playbook(kind.rpartition('.')[2], data)}{reason}"
        case "intervention.opened":
            return f"planned an intervention: {data.get('type', '')}, {data.get('priority', '')} priority"
        case "intervention.completed":
            came = f": {data['outcome'].replace('_', ' ')}" if data.get("outcome") else ""
            return f"completed an intervention{came}"
        case "intervention.cancelled":
            return f"cancelled an intervention{reason}"
        case "intervention.overdue":
            return f"an intervention is overdue: {data.get('type', '')}"
        case "intervention.changed":
            return f"intervention: {_changes(data, name_of) or 'changed'}{reason}"
        case "help_wanted":
            return f"noted that the customer accepted help: “{data.get('prompt', '')}”"
        case "friction_noticed":
            return f"noticed friction {data.get('score', '?')}"
        case "risk.changed" | "risk.moved":
            before, after = data.get("score") or ("?", "?")
            now_at = f"{after}" if before == after else f"{before} → {after}"
            return f"found risk {now_at}: {'; '.join(data.get('factors') or ['no factor holds'])}"
        case "churn.changed":
            before, after = data.get("probability") or (0, 0)
            causes = "; ".join(data.get("causes") or ["nothing speaks for it"])
            was = f"{before:.0%} → " if before else ""
            return f"found a chance to leave of {was}{after:.0%}: {causes}"
    changes = _changes(data, name_of)
    said = f"set {changes}" if changes else kind.rpartition(".")[2].replace("_", " ")
    return said + reason + _approved(data)


def is_told(frame: Frame) -> bool:
    """Whether the story tells it: a try that led to a question for a supervisor is told by that."""
    if not deliveries.is_told(frame):
        return False
    return frame["type"] != "incidence.action_denied" or not (frame.get("data") or {}).get("approvalId")


def _of_playbook(happened: str, data: Mapping[str, Any]) -> str:
    match happened:
        case "started":
            return f"began ({data.get('why', '')})"
        case "step_done":
            return f"{data.get('step', '?')}: {data.get('told', '')}"
        case "ended":
            return str(data.get("how") or "ended")
        case "failed":
            return f"failed at {data.get('how', '?')}"
        case "staff_notified":
            return f"told colleagues: “{data.get('text', '')}”"
    return {"wait_changed": "another end of its wait", "paused": "paused", "resumed": "goes on"}[happened]


_OFFERS = {
    "notification.offered": "offered help in the app",
    "notification.seen": "tells that the customer saw the offer",
    "notification.dismissed": "tells that the customer dismissed the offer",
    "notification.accepted": "tells that the customer accepted the offer",
}


_ON_SUBSCRIPTION = {
    "subscription_change.asked": "subscription: {words}, asked for",
    "subscription_change.done": "subscription: {words}, done",
    "subscription_change.failed": "subscription: not done: {words}. {error}",
}


def _action(data: Mapping[str, Any]) -> str:
    return str(data.get("action", "act")).replace("_", " ").lower()


def _what(data: Mapping[str, Any]) -> str:
    """What was asked for, in the server's words; nothing of it is left of an erased customer."""
    return "; ".join(map(str, data.get("diff") or ())) or _action(data)


def _given(data: Mapping[str, Any]) -> str:
    reason = (data.get("params") or {}).get("reason")
    return f" · “{reason}”" if reason else ""


def _approved(data: Mapping[str, Any]) -> str:
    return f", approved by {data['approvedBy']}" if data.get("approvedBy") else ""


def _noted(data: Mapping[str, Any]) -> str:
    """What was said with it."""
    return f" · “{data['note']}”" if data.get("note") else ""


_JOINED = {
    "merged": "made it part of {other}",
    "unmerged": "made it a case of its own again, apart from {other}",
    "absorbed": "made {other} part of it",
    "released": "took {other} out of it again",
    "linked": "linked it to {other}",
    "unlinked": "took its link to {other} off",
}


def _joined(kind: str, data: Mapping[str, Any]) -> str:
    other = data.get("into") or data.get("from") or data.get("to") or {}
    return _JOINED[kind].format(other=other.get("ref", "another"))


def _routed(data: Mapping[str, Any]) -> str:
    """Why these channels, in the words of the rule; they name the channels themselves."""
    return wording.spoken((data.get("routing") or {}).get("text") or "") or wording.channels(data.get("channels") or ())


def _after(data: Mapping[str, Any], field: str, otherwise: str) -> str:
    pair = (data.get("changes") or {}).get(field)
    return str(pair[1]) if pair and pair[1] is not None else otherwise


def _beyond(data: Mapping[str, Any]) -> str:
    """That it was more than its agent can have."""
    over = data.get("overCapacity")
    return f" · past capacity, {over.get('load', '?')} of {over.get('capacity', '?')}" if over else ""


def _assigned(data: Mapping[str, Any], name_of: NameOf) -> str:
    id = _after(data, "agent_id", "")
    return f"gave it to {name_of(id)}" if id else "gave it back to everybody"


def _changes(data: Mapping[str, Any], name_of: NameOf) -> str:
    parts = []
    for field, pair in (data.get("changes") or {}).items():
        before, after = (_shown(field, value, name_of) for value in pair)
        parts.append(f"{_FIELDS.get(field, field)} {before} → {after}")
    return ", ".join(parts)


def _shown(field: str, value: Any, name_of: NameOf) -> str:
    if value is None or value == "":
        return "none"
    if field in ("agent_id", "agentId", "assigneeId"):
        return name_of(str(value))
    if field in ("status", "outcome"):
        return str(value).lower()
    text = str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
