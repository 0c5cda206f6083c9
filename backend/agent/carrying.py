"""Carrying an action out on the case, once the rules or a supervisor have allowed it. Each ends in one event."""

from typing import Any

from backend.agent import events
from backend.agent import params as p
from backend.agent.judging import DISCOUNTS, Ask
from backend.agent.models import Discount
from backend.incidences import escalation
from backend.incidences.models import Incidence
from backend.incidences.schemas import EscalationTrigger
from backend.incidences.service import State, apply, record, require_staff
from backend.signals import service as signals
from backend.work import Work


def carry_out(work: Work, row: Incidence, ask: Ask, said: State) -> State:
    """Do what `ask` says, for who acts; the case after it. `said` goes with the event: the rule, the approval.

    Raises what the verbs below it raise; the caller sees to it that nothing of it stays then.
    """
    told = {"action": ask.action, **said}
    match ask.params:
        case _ if ask.action in DISCOUNTS and ask.amount is not None:
            return _discount(work, row, ask, told)
        case p.OrderParams() as given:
            return _modify(work, row, given, told)
        case p.PriceParams(order_value=value) if value is not None:
            return apply(work, row, {"order_value": value}, **told)
        case p.ItemParams(item=str()) as given:
            return _add_item(work, row, ask, given, told)
        case p.ReassignParams() as given:
            return apply(work, row, {"agent_id": given.agent_id}, reason=given.reason, **told)
        case p.EscalateParams() as given:
            body = EscalationTrigger(incidence_id=row.id, reason=given.reason, note=given.note)
            state: State = escalation.trigger(work, body)["incidence"]
            return state
        case p.CloseParams() as given:
            return _close(work, row, given, told)
    return record(work, row, events.ActionDone, {**told, "params": ask.params.as_json()})


def _discount(work: Work, row: Incidence, ask: Ask, told: State) -> State:
    order, percent = ask.order, getattr(ask.params, "percent", None)
    amount = ask.amount or 0
    work.add(
        Discount(
            incidence_id=row.id,
            order_id=row.order_id,
            amount=amount,
            percent=None if percent is None else float(percent),
            given_by=require_staff(work),
            given_at=work.now,
            approval_id=told.get("approvalId"),
        )
    )
    share = round(order.share(amount) or 0, 4)
    figures = {"amount": order.major(amount), "percent": share, "total": order.major(order.discounted + amount)}
    return record(work, row, events.DiscountApplied, {**told, **figures, "currency": order.currency})


def _modify(work: Work, row: Incidence, given: p.OrderParams, told: State) -> State:
    """Change the order in the case, and before it is placed the customer's cart too, so that the app shows the same."""
    noted = given.as_json()
    wanted: dict[str, Any] = {}
    if given.order_value is not None:
        wanted["order_value"] = given.order_value
    if given.selected_items is not None:
        wanted["selected_items"] = given.selected_items
    if inputs := {name: noted[name] for name in ("guestCount", "eventDate") if name in noted}:
        wanted["user_inputs"] = {**row.user_inputs, **inputs}
    if row.stage == "POST_ORDER":
        wanted["order_impact"] = "MODIFIED"
    else:
        signals.revise_cart(
            work,
            row.customer_id,
            cart_items=given.selected_items,
            guest_count=given.guest_count,
            event_date=given.event_date,
            value=given.order_value,
        )
    return apply(work, row, wanted, reason=given.reason, **told)


def _add_item(work: Work, row: Incidence, ask: Ask, given: p.ItemParams, told: State) -> State:
    quantity = given.quantity or 1
    item: dict[str, Any] = {"name": given.item, "quantity": quantity, "isOffCatalog": True}
    wanted: dict[str, Any] = {"selected_items": [*row.selected_items, item]}
    if given.price is not None:
        item["price"] = given.as_json()["price"]
        if row.order_value is not None:
            wanted["order_value"] = ask.order.major(row.order_value + ask.order.minor(given.price) * quantity)
    return apply(work, row, wanted, reason=given.reason, **told)


def _close(work: Work, row: Incidence, given: p.CloseParams, told: State) -> State:
    noted = {
        "issue_category": given.issue_category,
        "root_cause": given.root_cause,
        "resolution_type": given.resolution_type,
        "order_impact": given.order_impact,
    }
    outcome = given.outcome if isinstance(given, p.ResolveParams) else "DROPPED"
    wanted = {"outcome": outcome, **{name: value for name, value in noted.items() if value is not None}}
    return apply(work, row, wanted, reason=given.reason, **told)
