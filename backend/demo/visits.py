"""What customers of the world did in the app before "now": signals, the visit they add up to, and the friction found."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from backend.core.rows import to_micros
from backend.demo.casebook import CURRENCY
from backend.demo.ledger import Ledger
from backend.events.event import SYSTEM
from backend.rules.service import KINDS, SHIPPED_VERSION
from backend.settings import Settings
from backend.signals import friction
from backend.signals.events import HelpOffered
from backend.signals.friction import Judgement, Person
from backend.signals.models import ORDER_PLACED, Context, Signal
from backend.signals.visit import Visit

_TIMEOUT = int(Settings.model_fields["visit_timeout_seconds"].default) * 1_000_000

# How a struggling visit goes: (signal type, value, screen) in turn.
Step = tuple[str, float | None, str]
PATHS: dict[str, tuple[Step, ...]] = {
    "stuck_at_checkout": (
        *(("price_check", None, "price_calculator"),) * 6,
        *(("back_navigation", None, "checkout"),) * 4,
        ("inactivity", 75, "checkout"),
    ),
    "comparing": (
        *(("platter_view", None, "menu_comparison"),) * 7,
        ("menu_comparison", 260, "menu_comparison"),
        *(("back_navigation", None, "customization"),) * 5,
        ("inactivity", 90, "customization"),
    ),
    "paying": (
        ("screen_view", None, "checkout"),
        *(("payment_failure", None, "payment"),) * 3,
        *(("back_navigation", None, "payment"),) * 4,
        ("inactivity", 64, "payment"),
    ),
    "calm": (
        ("screen_view", None, "menu_comparison"),
        ("platter_view", None, "menu_comparison"),
        ("platter_view", None, "menu_comparison"),
        ("price_check", None, "price_calculator"),
        ("screen_view", None, "checkout"),
    ),
}


def visit(
    ledger: Ledger, customer: Mapping[str, Any], path: str, order: Mapping[str, Any], at: datetime
) -> tuple[Visit, Judgement]:
    """A visit that ends at `at` with `order` in the cart, kept with its signals; and what the shipped rules say of it."""
    went, steps = Visit(), PATHS[path]
    went.move("home")
    start = at - timedelta(seconds=25 * len(steps))
    compiled = KINDS["friction"].compile(KINDS["friction"].shipped, SHIPPED_VERSION)
    person = Person(
        customer["id"],
        customer["tier"],
        customer["language"],
        customer["past_order_count"],
        order["value"],
        order["occasion"],
        order["guests"],
    )
    for number, (type, value, screen) in enumerate(steps, start=1):
        instant = start + timedelta(seconds=25 * number)
        went.take(type, value, "order", screen, to_micros(instant), _TIMEOUT)
        went.rate(friction.judge_visit(compiled, went, person, screen).score)
        ledger.add(
            Signal,
            customer_id=customer["id"],
            id=ledger.new_id(instant),
            type=type,
            value=value,
            flow="order",
            screen=screen,
            properties=None,
            occurred_at=instant,
            received_at=instant,
        )
    judgement = friction.judge_visit(compiled, went, person)
    if judgement.is_help_due:
        went.prompts[friction.SCORE_CAUSE] = {"id": ledger.new_id(at), "isShown": True}
    ledger.add(
        Context,
        customer_id=customer["id"],
        started_at=start + timedelta(seconds=25),
        last_activity=at,
        ends_at=at + timedelta(microseconds=_TIMEOUT),
        screen=went.screen,
        previous_screens=went.previous_screens,
        visit={"counters": went.counters, "idle": went.idle, "trend": went.trend, "prompts": went.prompts},
        score=went.score,
        activity=None,
        cart_items=order["items"],
        selected_platter={"name": order["platter"]},
        guest_count=order["guests"],
        event_date=order["date"],
        event_type=order["occasion"],
        estimated_value=order["value"] * 100,
    )
    return went, judgement


def place_order(ledger: Ledger, customer: Mapping[str, Any], order_id: str, rupees: int, at: datetime) -> None:
    """The customer's app tells that an order was placed."""
    ledger.add(
        Signal,
        customer_id=customer["id"],
        id=order_id,
        type=ORDER_PLACED,
        value=None,
        flow="order",
        screen="checkout",
        properties={"amount": rupees},
        occurred_at=at,
        received_at=at,
    )


def offer_help(
    ledger: Ledger,
    customer: Mapping[str, Any],
    went: Visit,
    judgement: Judgement,
    order: Mapping[str, Any],
    at: datetime,
) -> list[dict[str, Any]]:
    """Tell that help was offered for the score, as the signals slice does; the reasons."""
    verdict = friction.verdict_of(judgement)
    reasons = [reason.model_dump() for reason in verdict.reasons]
    prompt = {
        "id": went.prompts[friction.SCORE_CAUSE]["id"],
        "cause": friction.SCORE_CAUSE,
        "action": friction.SCORE_ACTION,
        "text": friction.SCORE_PROMPT,
    }
    context = {
        "orderValue": order["value"],
        "currency": CURRENCY,
        "eventType": order["occasion"],
        "screen": went.screen,
        "cartItems": order["items"],
        "userInputs": inputs_of(order),
    }
    data = {
        "score": verdict.score,
        "reasons": reasons,
        "cause": friction.SCORE_CAUSE,
        "prompt": prompt,
        "ruleVersion": verdict.rule_version,
        "context": context,
    }
    event = HelpOffered(subject_id=customer["id"], customer_id=customer["id"], data=data)
    ledger.emit(event, SYSTEM, at)
    return reasons


def inputs_of(order: Mapping[str, Any]) -> dict[str, Any]:
    """What the customer put into the app."""
    platter = {"name": order["platter"]}
    return {"guestCount": order["guests"], "selectedPlatter": platter, "eventDate": order["date"].isoformat()}
