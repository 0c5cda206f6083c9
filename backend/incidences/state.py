"""The one way an incidence is shown: `IncidenceRead` as plain data, from a row or from columns of a select."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.core.clock import instant
from backend.core.money import to_major
from backend.incidences import clocks

# The facts and the trace stay in the row and on the timeline: in every mirrored row they cost 3 KB each.
_TOLD_OF_ROUTING = ("rule", "text", "version")
TOLD_OF_ESCALATION = (
    "reason",
    "status",
    "raised_by",
    "raised_at",
    "acknowledged_by",
    "acknowledged_at",
    "next_climb_at",
    "note",
)
"""The columns of an escalation that its case carries: a board of them needs no more."""


def _at(value: datetime | None) -> str | None:
    return instant(value) if value else None


def escalation_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """An EscalationBrief as plain data, from the columns of TOLD_OF_ESCALATION."""
    return {
        "reason": told["reason"],
        "status": told["status"],
        "raisedBy": told["raised_by"],
        "raisedAt": instant(told["raised_at"]),
        "acknowledgedBy": told["acknowledged_by"],
        "acknowledgedAt": _at(told["acknowledged_at"]),
        "nextClimbAt": _at(told["next_climb_at"]),
        "note": told["note"],
    }


def state_of(
    row: Any,
    customer: Mapping[str, Any],
    agent_name: str | None,
    currency: str,
    escalation: dict[str, Any] | None,
    churn: int | None,
) -> dict[str, Any]:
    """`row` has the columns of an incidence; `customer` is a CustomerBrief as plain data, `escalation` an
    EscalationBrief of the one that is open, `churn` the customer's risk score."""
    return {
        "incidenceId": row.id,
        "ref": f"INC-{row.number}",
        "version": row.version,
        "userId": customer["userId"],
        "customer": customer,
        "orderId": row.order_id,
        "stage": row.stage,
        "channel": row.channel,
        "trigger": row.trigger,
        "status": row.status,
        "outcome": row.outcome,
        "priority": row.priority,
        "summary": row.summary,
        "appScreen": row.app_screen,
        "userInputs": row.user_inputs,
        "selectedItems": row.selected_items,
        "eventType": row.event_type,
        "orderValue": None if row.order_value is None else to_major(row.order_value, currency),
        "currency": currency,
        "issueCategory": row.issue_category,
        "rootCause": row.root_cause,
        "resolutionType": row.resolution_type,
        "timeToResolve": row.time_to_resolve,
        "orderImpact": row.order_impact,
        "agentId": row.agent_id,
        "agentName": agent_name,
        "allowedChannels": row.allowed_channels,
        "routing": {name: row.routing.get(name) for name in _TOLD_OF_ROUTING},
        "isSelfServe": row.is_self_serve,
        "autoEscalateAt": _at(row.auto_escalate_at),
        "escalationLevel": row.escalation_level,
        "escalationId": row.escalation_id,
        "escalation": escalation,
        "frictionScore": row.friction_score,
        "churnScore": churn,
        "platform": row.platform,
        "lastSeq": row.last_seq,
        "lastMessageSeq": row.last_message_seq,
        "lastMessage": row.last_message,
        "waitingSince": _at(row.waiting_since),
        "firstResponseAt": _at(row.first_response_at),
        "snoozedUntil": _at(row.snoozed_until),
        **clocks.told(row),
        "reopenCount": row.reopen_count,
        "labels": row.labels,
        "watcherIds": row.watcher_ids,
        "mergedInto": row.merged_into,
        "mergedFrom": row.merged_from,
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "resolvedAt": _at(row.resolved_at),
    }
