"""From a customer who struggles to a case: the system flow's last steps."""

from datetime import date

from sqlalchemy import select

from backend.customers.models import Customer
from backend.events import log
from backend.incidences import events
from backend.incidences.models import Incidence
from backend.incidences.schemas import IncidenceOpen
from backend.incidences.service import open_incidence, record
from backend.work import Work

SCORE = "score"
"""The cause of a HelpOffered that opens a case; single signals only prompt the customer."""


def open_for_help(work: Work, seq: int) -> None:
    """Open a case for the HelpOffered event at `seq`, or note it on the case that the customer has open already."""
    (event,) = log.after(work.session, work.business_id, seq - 1, 1)
    said = (event.body or {}).get("data") or {}
    if said.get("cause") != SCORE or event.customer_id is None:
        return
    # Held, so that help which is accepted meanwhile finds this case, or this one finds that.
    customer = work.session.get_one(Customer, event.customer_id, with_for_update={"key_share": True})
    if customer.erased_at is not None:
        return
    context = said.get("context") or {}
    score = int(said["score"])
    open_case = work.session.scalars(
        select(Incidence)
        .where(Incidence.customer_id == customer.id, Incidence.status != "CLOSED")
        .order_by(Incidence.id.desc())
        .limit(1)
        .with_for_update()
    ).first()
    if open_case is not None:
        open_case.friction_score = score
        record(work, open_case, events.FrictionNoticed, {"score": score, "reasons": said.get("reasons", [])})
        return
    body = IncidenceOpen(
        user_id=customer.external_id,
        stage="PRE_ORDER",
        channel="IN_APP_CHAT",
        trigger="SYSTEM_INITIATED",
        order_value=context.get("orderValue"),
        event_type=context.get("eventType"),
        app_screen=context.get("screen"),
        user_inputs=_inputs(context),
        selected_items=context.get("cartItems") or [],
        issue_category="friction",
        summary=_summary(said, context),
    )
    open_incidence(work, body, friction=score)


def _inputs(context: dict[str, object]) -> dict[str, object]:
    inputs = dict(context.get("userInputs") or {})  # type: ignore[call-overload]
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in inputs.items()}


def _summary(said: dict[str, object], context: dict[str, object]) -> str:
    place = f" on {context['screen']}" if context.get("screen") else ""
    reasons = said.get("reasons")
    first = reasons[0] if isinstance(reasons, list) and reasons else {}
    why = f": {first['text']}" if isinstance(first, dict) and first.get("text") else ""
    return f"Struggling{place}{why}"[:200]
