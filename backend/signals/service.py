"""What is done with contexts and friction, beside taking signals in (see `ingest`)."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, literal, select, update

from backend.core.errors import Invalid
from backend.core.money import to_minor
from backend.core.rows import Instant, from_micros, to_micros
from backend.customers import service as customers
from backend.customers.beside import also_tells
from backend.customers.erasure import also_erases
from backend.customers.models import Customer
from backend.customers.sorting import SORTS, Sort
from backend.identity.service import currency_of
from backend.rules import service as rules
from backend.signals import contexts, friction, help
from backend.signals.contexts import Live
from backend.signals.models import Context, Signal
from backend.signals.schemas import CartPut, ContextRead, FrictionJudge, FrictionVerdict, ScreenPut
from backend.signals.snapshot import snapshot
from backend.work import Work

_FACTS = (
    "inactivity_seconds",
    "back_navigation_count",
    "price_check_count",
    "is_high_value_event",
    "is_first_time_user",
    "event_type",
    "cart_value",
    "screen",
    "past_order_count",
)


def context_of(work: Work, customer: Customer) -> ContextRead:
    """What the customer is doing right now."""
    return snapshot(work, customer)


def show_context(work: Work, user_id: str) -> ContextRead:
    """The context of a customer by id; NotFound for one we do not know."""
    return snapshot(work, customers.find_customer(work, user_id))


def friction_of(work: Work, customer: Customer) -> FrictionVerdict:
    """The customer's friction right now, with the reasons. Nothing but who they are and their cart, without a visit."""
    live = contexts.live_of(work.session, work.business_id, [customer])[customer.id]
    return friction.verdict_of(_judged(work, live))


def context_and_friction_of(work: Work, customer: Customer) -> tuple[ContextRead, FrictionVerdict]:
    """Both of the above, from one look."""
    live = contexts.live_of(work.session, work.business_id, [customer])[customer.id]
    return snapshot(work, customer, live), friction.verdict_of(_judged(work, live))


def _judged(work: Work, live: Live) -> friction.Judgement:
    if not live.visit.is_live(to_micros(work.now)):
        live.visit.reset()
    return friction.judge_visit(rules.current(work, "friction"), live.visit, live.person)


def detect(work: Work, body: FrictionJudge) -> FrictionVerdict:
    """Judge a customer's live context, or a context that is given; of both, what is given counts. Stores nothing."""
    given = {name: getattr(body, name) for name in _FACTS if getattr(body, name) is not None}
    if body.user_id is None and not given:
        raise Invalid("userId: give a customer, or a context to judge", field="userId")
    facts: dict[str, Any] = {}
    if body.user_id is not None:
        customer = customers.find_customer(work, body.user_id)
        if not given:
            return friction_of(work, customer)
        live = contexts.live_of(work.session, work.business_id, [customer])[customer.id]
        if not live.visit.is_live(to_micros(work.now)):
            live.visit.reset()
        facts = friction.facts_of(live.visit, live.person) | {"screen": live.visit.screen}
    facts |= given
    if facts.get("screen"):
        facts["screen"] = friction.screen_of(facts["screen"])
    if facts.get("event_type"):
        facts["event_type"] = facts["event_type"].upper()
    if "past_order_count" in given and "is_first_time_user" not in given:
        facts["is_first_time_user"] = given["past_order_count"] == 0
    return friction.verdict_of(friction.judge_facts(rules.current(work, "friction"), facts))


def put_screen(work: Work, user_id: str, body: ScreenPut, visit_timeout: int) -> ContextRead:
    """The customer (made when new) is on another screen. `visit_timeout` in microseconds."""
    live = _entered(work, user_id, visit_timeout)
    before = live.visit.score
    live.visit.move(body.screen)
    return _settled(work, before, live)


def put_cart(work: Work, user_id: str, body: CartPut, visit_timeout: int) -> ContextRead:
    """The customer's (made when new) cart as it is now: what is not given is not in it."""
    live = _entered(work, user_id, visit_timeout)
    before = live.visit.score
    contexts.store(work.session, work.business_id, [live])
    value = body.estimated_value
    cart = {
        "cart_items": body.cart_items,
        "selected_platter": body.selected_platter,
        "guest_count": body.guest_count,
        "event_date": body.event_date,
        "event_type": body.event_type,
        "estimated_value": None if value is None else to_minor(value, currency_of(work)),
    }
    mine = (Context.business_id == work.business_id) & (Context.customer_id == live.person.customer_id)
    work.session.execute(update(Context).where(mine).values(cart).execution_options(synchronize_session=False))
    person = live.person._replace(
        cart_value=None if value is None else float(value), event_type=body.event_type, guest_count=body.guest_count
    )
    return _settled(work, before, live._replace(person=person))


def revise_cart(
    work: Work,
    customer_id: str,
    *,
    cart_items: list[Any] | None,
    guest_count: int | None,
    event_date: date | None,
    value: Decimal | None,
) -> None:
    """Change what is given of a customer's cart, on their behalf: it is no act of theirs and begins no visit."""
    given = {"cart_items": cart_items, "guest_count": guest_count, "event_date": event_date}
    if value is not None:
        given["estimated_value"] = to_minor(value, currency_of(work))
    wanted = {name: one for name, one in given.items() if one is not None}
    mine = (Context.business_id == work.business_id) & (Context.customer_id == customer_id)
    if wanted:
        work.session.execute(update(Context).where(mine).values(wanted).execution_options(synchronize_session=False))


def _entered(work: Work, user_id: str, visit_timeout: int) -> Live:
    now = to_micros(work.now)
    live = contexts.find_live(work.session, work.business_id, {user_id}, now)[user_id]
    live.visit.enter(now, visit_timeout)
    return live


def _settled(work: Work, before: int, live: Live) -> ContextRead:
    now = to_micros(work.now)
    scoring, prompts = rules.current_of(work, "friction", "notification")
    judgement = friction.judge_visit(scoring, live.visit, live.person, prompts=prompts)
    live.visit.rate(judgement.score)
    offers = help.offer(live, judgement, now)
    contexts.store(work.session, work.business_id, [live])
    for one in offers:
        help.record_offer(work, one)
    help.record_band(work, live, before)
    return snapshot(work, work.session.get_one(Customer, live.person.customer_id))


def read_thresholds(work: Work) -> dict[str, Any]:
    """The friction rules in force."""
    return rules.read(work, "friction")


def replace_thresholds(work: Work, body: dict[str, Any]) -> dict[str, Any]:
    """Publish other friction rules."""
    return rules.replace(work, "friction", body)


@also_erases
def erase_behaviour(work: Work, customer: Customer, _known_as: Sequence[str]) -> None:
    """Nothing is kept of what an erased customer did in the app."""
    for model in (Signal, Context):
        work.session.execute(
            delete(model)
            .where(model.business_id == work.business_id, model.customer_id == customer.id)
            .execution_options(synchronize_session=False)
        )


@also_tells
def tell_last_activity(work: Work, customer_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """When each did something last, as far as the app told."""
    query = select(Context.customer_id, Context.last_activity).where(
        Context.business_id == work.business_id, Context.customer_id.in_(list(customer_ids))
    )
    return {id: {"last_activity": at} for id, at in work.session.execute(query)}


SORTS["last_activity"] = Sort(
    func.coalesce(Context.__table__.c.last_activity, literal(from_micros(0), Instant()), type_=Instant()),
    is_descending=True,
    is_instant=True,
    beside=Context.__table__,
)
