"""The flow's happy end: the order is placed, and the case that led to it is over."""

from sqlalchemy import select

from backend.events import log
from backend.incidences.models import Incidence
from backend.incidences.service import apply
from backend.rules import service as rules
from backend.work import Work


def close_converted(work: Work, seq: int) -> None:
    """Close the customer's open pre-order cases as converted, for the OrderPlaced event at `seq`.

    Nothing when the routing rules in force say otherwise, and not a case that was opened after the order.
    """
    (event,) = log.after(work.session, work.business_id, seq - 1, 1)
    if event.customer_id is None or not rules.current(work, "routing").settings.get("closesWhenOrdered", True):
        return
    order_id = ((event.body or {}).get("data") or {}).get("orderId")
    query = select(Incidence).where(
        Incidence.customer_id == event.customer_id,
        Incidence.status != "CLOSED",
        Incidence.stage == "PRE_ORDER",
        Incidence.created_at <= event.occurred_at,
    )
    for row in work.session.scalars(query.order_by(Incidence.id).with_for_update(key_share=True)).all():
        wanted = {"outcome": "CONVERTED", "order_impact": "PLACED", "resolution_type": "order_placed"}
        which = f" {order_id}" if order_id else ""
        apply(work, row, wanted | ({"order_id": order_id} if order_id else {}), reason=f"the order{which} was placed")
