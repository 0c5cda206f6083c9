"""The order a case is about: what it is worth, and the discounts it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import bindparam, or_, select

from backend.agent.models import Discount
from backend.core.clock import instant
from backend.core.money import to_major, to_minor
from backend.core.rows import table_of
from backend.identity.models import Member, User
from backend.identity.service import currency_of
from backend.incidences.models import Incidence
from backend.signals.models import Context
from backend.work import Work


@dataclass(frozen=True)
class Order:
    """Amounts are minor units. `value` is the case's; before the order that of the cart, as long as nobody noted one."""

    value: int | None
    discounts: tuple[Any, ...]
    currency: str

    @property
    def discounted(self) -> int:
        """What is off already."""
        return sum(one.amount for one in self.discounts)

    def share(self, amount: int) -> float | None:
        """`amount` in percent of the value; None when that is unknown or nothing."""
        return float(Decimal(amount) * 100 / self.value) if self.value else None

    def part(self, percent: Decimal) -> int:
        """So many percent of the value, never more: a fraction of a minor unit is left to the house."""
        return int((Decimal(self.value or 0) * percent / 100).to_integral_value(ROUND_DOWN))

    def minor(self, major: Decimal) -> int:
        return to_minor(major, self.currency)

    def major(self, amount: int) -> float | int:
        return to_major(amount, self.currency)


_CART_VALUE = select(Context.estimated_value).where(
    Context.business_id == bindparam("business"), Context.customer_id == bindparam("customer")
)
_GIVEN = table_of(Discount).c
# On the bare table: dashboards are read all day, and the ORM took three times as long to find nothing.
_DISCOUNTS = (
    select(_GIVEN.amount, _GIVEN.percent, _GIVEN.given_by, _GIVEN.given_at, _GIVEN.approval_id)
    .where(_GIVEN.business_id == bindparam("business"))
    .where(or_(_GIVEN.incidence_id == bindparam("incidence"), _GIVEN.order_id == bindparam("order")))
    .order_by(_GIVEN.given_at, _GIVEN.id)
)


def order_of(work: Work, row: Incidence) -> Order:
    """The order of a case as it is now."""
    value = row.order_value
    if value is None and row.stage == "PRE_ORDER":
        asked = {"business": work.business_id, "customer": row.customer_id}
        value = work.session.connection().scalar(_CART_VALUE, asked)
    return Order(value, tuple(discounts_of(work, row)), currency_of(work))


def discounts_of(work: Work, row: Incidence) -> Sequence[Any]:
    """What was given on the order of a case, in this case or in others about it, the oldest first."""
    asked = {"business": work.business_id, "incidence": row.id, "order": row.order_id}
    return work.session.connection().execute(_DISCOUNTS, asked).all()


def discounts_read(work: Work, order: Order) -> list[dict[str, Any]]:
    """DiscountRead data of an order."""
    names = names_of(work, {one.given_by for one in order.discounts})
    return [
        {
            "amount": order.major(one.amount),
            "percent": one.percent,
            "givenBy": names.get(one.given_by, "Somebody"),
            "givenAt": instant(one.given_at),
            "approvalId": one.approval_id,
        }
        for one in order.discounts
    ]


def names_of(work: Work, member_ids: set[str]) -> dict[str, str]:
    """The names of members, by id, whether they are still here or not."""
    if not member_ids:
        return {}
    query = select(Member.id, User.name).join(User, User.id == Member.user_id)
    here = (Member.business_id == work.business_id) & Member.id.in_(member_ids)
    return {one.id: one.name for one in work.session.execute(query.where(here))}


def inputs_of(row: Incidence) -> tuple[int | None, str | None]:
    """(guests, event date) as they were noted in the case, for when the cart does not know them."""
    guests, day = row.user_inputs.get("guestCount"), row.user_inputs.get("eventDate")
    is_count = isinstance(guests, int) and not isinstance(guests, bool) and guests >= 0
    return (guests if is_count else None), (_day(day) if isinstance(day, str) else None)


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
