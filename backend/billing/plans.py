"""What can be subscribed to: prices of Stripe's with the names of their products."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select, update

from backend.billing import normal, repository
from backend.billing.models import Plan
from backend.work import Work


def plans_by_price(work: Work, price_ids: Collection[str]) -> dict[str, Plan]:
    """The plans that are known, by Stripe's id of the price."""
    mine = (Plan.business_id == work.business_id) & Plan.stripe_price_id.in_(price_ids)
    return {plan.stripe_price_id: plan for plan in work.session.scalars(select(Plan).where(mine))}


def unknown_prices(work: Work, price_ids: Collection[str]) -> list[str]:
    """Those of `price_ids` that no plan has."""
    known = plans_by_price(work, price_ids)
    return sorted(id for id in price_ids if id not in known)


def keep_prices(work: Work, prices: Iterable[normal.Price]) -> int:
    """Keep recurring prices as plans; how many are new or changed. A name that was not shown stays as it was."""
    wanted = {price.id: price for price in prices if price.interval is not None}
    known, changed = plans_by_price(work, wanted), 0
    if wanted.keys() - known.keys():
        repository.lock_new(work.session, work.business_id, "plans")
        known = plans_by_price(work, wanted)
    for price in wanted.values():
        plan = known.get(price.id)
        if plan is None:
            plan = Plan(
                stripe_price_id=price.id, stripe_product_id="", name=price.id, amount=0, currency="", interval=""
            )
        values = {
            "stripe_product_id": price.product_id or plan.stripe_product_id,
            "name": price.name or plan.name,
            "amount": price.amount or 0,
            "currency": price.currency,
            "interval": price.interval,
            "interval_count": price.interval_count,
            "is_active": price.is_active,
        }
        different = {name: value for name, value in values.items() if getattr(plan, name) != value}
        for name, value in different.items():
            setattr(plan, name, value)
        changed += bool(different)
        if price.id not in known:
            work.add(plan)
    return changed


def keep_product(work: Work, raw: normal.Raw) -> int:
    """A product's name is that of its plans; how many have another one now."""
    name = normal.line(raw.get("name"))
    if not name:
        return 0
    mine = (Plan.business_id == work.business_id) & (Plan.stripe_product_id == raw["id"]) & (Plan.name != name)
    renamed = work.session.scalars(select(Plan.id).where(mine)).all()
    work.session.execute(
        update(Plan).where(Plan.business_id == work.business_id, Plan.id.in_(renamed)).values(name=name)
    )
    return len(renamed)


def plans_by_id(work: Work, ids: Iterable[str | None]) -> Mapping[str, Plan]:
    """Plans by our ids."""
    wanted = {id for id in ids if id}
    if not wanted:
        return {}
    mine = (Plan.business_id == work.business_id) & Plan.id.in_(wanted)
    return {plan.id: plan for plan in work.session.scalars(select(Plan).where(mine))}
