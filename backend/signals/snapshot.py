"""What a customer is doing right now, as it goes over the wire."""

from sqlalchemy import bindparam, select

from backend.core.rows import from_micros, table_of, to_micros
from backend.customers.models import Customer
from backend.identity.service import currency_of
from backend.signals import contexts
from backend.signals.contexts import Live
from backend.signals.friction import cart_value
from backend.signals.models import Context
from backend.signals.schemas import ContextRead
from backend.signals.visit import SECOND
from backend.work import Work

_CONTEXTS = table_of(Context).c
_CART = select(
    _CONTEXTS.cart_items,
    _CONTEXTS.selected_platter,
    _CONTEXTS.guest_count,
    _CONTEXTS.event_date,
    _CONTEXTS.estimated_value,
).where(_CONTEXTS.business_id == bindparam("business"), _CONTEXTS.customer_id == bindparam("customer"))


def snapshot(work: Work, customer: Customer, live: Live | None = None) -> ContextRead:
    """The customer's context, of a `live` one that is at hand already. When the visit is over, its counters and score are
    gone; screen and cart stay."""
    live = live or contexts.live_of(work.session, work.business_id, [customer])[customer.id]
    asked = {"business": work.business_id, "customer": customer.id}
    cart = work.session.connection().execute(_CART, asked).first()
    currency, visit, now = currency_of(work), live.visit, to_micros(work.now)
    is_live = visit.is_live(now)
    started_at = visit.started_at if is_live else None
    if not is_live:
        visit.reset()
    return ContextRead(
        user_id=customer.external_id,
        current_screen=visit.screen,
        previous_screens=visit.previous_screens,
        last_activity=None if visit.last_activity is None else from_micros(visit.last_activity),
        session_duration=0 if started_at is None else max(now - started_at, 0) // SECOND,
        cart_items=cart.cart_items if cart else [],
        selected_platter=cart.selected_platter if cart else None,
        guest_count=cart.guest_count if cart else None,
        event_date=cart.event_date if cart else None,
        event_type=live.person.event_type,
        estimated_value=cart_value(cart.estimated_value, currency) if cart else None,
        currency=currency,
        language=customer.language,
        tier=customer.tier,
        past_order_count=customer.past_order_count,
        last_order_date=customer.last_order_date,
        hesitation_score=visit.score,
        back_navigation_count=int(visit.largest("back_navigation")),
        price_check_count=int(visit.largest("price_check")),
        items_viewed=int(sum(counts.get("platter_view", 0) for counts in visit.counters.values())),
        items_added=len(cart.cart_items) if cart else 0,
        score_trend=visit.trend,
        counters=visit.counters,
    )
