"""All that an agent needs to understand a case at a glance, in one answer."""

from sqlalchemy import bindparam, select

from backend.agent import approvals
from backend.agent.judging import verdicts_of
from backend.agent.orders import discounts_read, inputs_of, order_of
from backend.agent.promise import promise_of
from backend.core.clock import instant
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.events import log
from backend.events.feed import frame_of
from backend.incidences import linking
from backend.incidences.models import Incidence
from backend.incidences.repository import CASES
from backend.incidences.service import State, incidence_of, shown
from backend.rules import service as rules
from backend.signals import service as signals
from backend.work import Work

TIMELINE = 50
_RULES = ("friction", "sla", "cx")


def dashboard(work: Work, id: str) -> State:
    """The agent's view of a case: customer, order, app state, friction with reasons, history, actions, timeline."""
    as_of = log.head_of(work.session, work.business_id)
    row = incidence_of(work, id)
    customer = work.session.get_one(Customer, row.customer_id, execution_options={"names_business": True})
    rules.current_of(work, *_RULES)  # in one select, for all that follows
    context, friction = signals.context_and_friction_of(work, customer)
    order, (guests, day) = order_of(work, row), inputs_of(row)
    entries = log.of_incidence(work.session, work.business_id, row.id, None, TIMELINE, merged=linking.merged_ids(row))
    return {
        "incidence": shown(work, row),
        "userDetails": customers.read_of(customer).model_dump(mode="json", by_alias=True),
        "orderContext": {
            "cartItems": context.cart_items or row.selected_items,
            "guestCount": guests if context.guest_count is None else context.guest_count,
            "eventDate": context.event_date.isoformat() if context.event_date else day,
            "eventType": context.event_type or row.event_type,
            "selectedPlatter": context.selected_platter,
            "estimatedValue": context.estimated_value,
            "currency": context.currency,
            "discounts": discounts_read(work, order),
        },
        "appState": {
            "currentScreen": context.current_screen or row.app_screen,
            "previousScreens": context.previous_screens,
            "itemsViewed": context.items_viewed,
            "itemsAdded": context.items_added,
            "lastActivity": instant(context.last_activity) if context.last_activity else None,
            "sessionDuration": context.session_duration,
        },
        "friction": {
            "score": friction.score,
            "reasons": [reason.model_dump(by_alias=True) for reason in friction.reasons],
            "trend": context.score_trend,
            "ruleVersion": friction.rule_version,
            "asOf": instant(context.last_activity) if context.last_activity else None,
        },
        "sla": promise_of(work, row),
        "previousIncidences": _previous(work, row),
        "links": linking.links_of(work, row),
        "actions": verdicts_of(work, row, order),
        "approvals": approvals.pending_of(work, row),
        "timeline": [frame_of(entry) for entry in entries],
        "asOf": as_of,
    }


_PREVIOUS = (
    select(CASES.id, CASES.number, CASES.summary, CASES.status, CASES.outcome, CASES.created_at)
    .where(CASES.business_id == bindparam("business"), CASES.customer_id == bindparam("customer"))
    .where(CASES.id != bindparam("this"))
    .order_by(CASES.id.desc())
    .limit(10)
)


def _previous(work: Work, row: Incidence) -> list[State]:
    asked = {"business": work.business_id, "customer": row.customer_id, "this": row.id}
    return [
        {
            "incidenceId": found.id,
            "ref": f"INC-{found.number}",
            "summary": found.summary,
            "status": found.status,
            "outcome": found.outcome,
            "createdAt": instant(found.created_at),
        }
        for found in work.session.connection().execute(_PREVIOUS, asked)
    ]
