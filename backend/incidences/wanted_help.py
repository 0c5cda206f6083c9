"""From help that a customer accepted to a case, once for each acceptance."""

from sqlalchemy import select

from backend.customers.models import Customer
from backend.incidences import events
from backend.incidences.models import Incidence
from backend.incidences.schemas import IncidenceOpen
from backend.incidences.service import open_incidence, record
from backend.notifications import service as notifications
from backend.notifications.cases import finds_case
from backend.notifications.models import Notification
from backend.signals import service as signals
from backend.work import Work


@finds_case
def newest_open(work: Work, customer_id: str) -> str | None:
    """The id of the customer's newest open case."""
    mine = (Incidence.business_id == work.business_id) & (Incidence.customer_id == customer_id)
    query = select(Incidence.id).where(mine, Incidence.status != "CLOSED").order_by(Incidence.id.desc()).limit(1)
    return work.session.scalar(query)


def open_for_accepted(work: Work, seq: int) -> None:
    """Open a case for the NotificationAccepted event at `seq`, or note it on the case that the customer has open.

    The notification remembers its case, and its customer is held: a job that runs twice, or two acceptances at once,
    open no second one.
    """
    found = notifications.accepted_at(work, seq)
    if found is None:
        return
    row, customer = found
    case_id = newest_open(work, customer.id)
    case = None if case_id is None else work.session.get(Incidence, case_id, with_for_update=True)
    if case is None or case.status == "CLOSED":  # closed while we waited for it
        row.incidence_id = str(open_incidence(work, _case_for(work, row, customer))["incidenceId"])
        return
    row.incidence_id = case.id
    if case.snoozed_until is not None:
        case.snoozed_until = None
        work.cancel(f"snooze:{case.id}")
    case.status, case.waiting_since = "OPEN", case.waiting_since or work.now
    told = {"notificationId": row.id, "cause": row.cause, "prompt": row.text, "why": row.why}
    record(work, case, events.HelpWanted, told)


def _case_for(work: Work, row: Notification, customer: Customer) -> IncidenceOpen:
    context = signals.context_of(work, customer)
    inputs = {
        "guestCount": context.guest_count,
        "selectedPlatter": context.selected_platter,
        "eventDate": context.event_date and context.event_date.isoformat(),
    }
    return IncidenceOpen(
        user_id=customer.external_id,
        stage="PRE_ORDER",
        channel="CALL" if row.action == "CALL_OPTION" else "IN_APP_CHAT",
        trigger="USER_INITIATED",
        order_value=context.estimated_value,
        event_type=context.event_type,
        app_screen=context.current_screen,
        user_inputs={name: value for name, value in inputs.items() if value is not None},
        selected_items=context.cart_items,
        issue_category=row.cause,
        summary=f"Accepted “{row.text}”: {row.why}"[:200],
    )
