"""What is read of subscriptions, plans and the account."""

from sqlalchemy import func, select

from backend.billing import beside as beside  # it tells of what is paid beside each customer
from backend.billing import connecting, replacing, repository, state
from backend.billing.accounts import settings_key
from backend.billing.models import Charge, StripeAccount, StripeEvent, Subscription
from backend.billing.plans import plans_by_id
from backend.billing.relist import summary
from backend.billing.repository import Filters
from backend.billing.schemas import AccountRead, PlanRead, Relist, SubscriptionRead
from backend.billing.trust import secrets_in
from backend.core.errors import NotFound
from backend.core.sealing import Broken, Vault
from backend.core.text import clean_line
from backend.core.wire import Page
from backend.customers.models import Customer
from backend.events import log
from backend.settings import Settings
from backend.work import Work


def list_subscriptions(
    work: Work, filters: Filters, *, cursor: str | None, limit: int, sort: str
) -> Page[SubscriptionRead]:
    """One page of subscriptions in the order of `sort`."""
    as_of = log.head_of(work.session, work.business_id)
    rows, following = repository.page(work.session, work.business_id, filters, sort=sort, cursor=cursor, limit=limit)
    plans = plans_by_id(work, (id for row, _ in rows for id in (row.plan_id, row.scheduled_plan_id)))
    is_connected = _is_connected(work)
    items = [
        state.subscription_read(row, customer, plans, work.now, is_connected=is_connected) for row, customer in rows
    ]
    return Page(items=items, next_cursor=following, as_of=as_of)


def show_subscription(work: Work, id: str) -> SubscriptionRead:
    """The subscription by our id or Stripe's."""
    row = find_subscription(work, id)
    customer = work.get(Customer, row.customer_id, "customer")
    plans = plans_by_id(work, (row.plan_id, row.scheduled_plan_id))
    return state.subscription_read(row, customer, plans, work.now, is_connected=_is_connected(work))


def find_subscription(work: Work, id: str) -> Subscription:
    """The row by our id or Stripe's; NotFound otherwise."""
    row = repository.subscription(work.session, work.business_id, clean_line(id)[:255])
    if row is None:
        raise NotFound(f"There is no subscription {clean_line(id)[:100]!r} here.", id=id)
    return row


def list_plans(work: Work, *, is_active: bool | None) -> list[PlanRead]:
    """All plans, by currency and what they bring in a month."""
    plans = [state.plan_read(plan) for plan in repository.plans(work.session, work.business_id, is_active=is_active)]
    return sorted(plans, key=lambda plan: (plan.currency, plan.monthly, plan.name, plan.id))


def read_account(work: Work, settings: Settings, vault: Vault) -> AccountRead:
    """How the Stripe account does."""
    row = repository.account(work.session, work.business_id)
    has_settings_key = bool(settings_key(work, settings))
    is_connected = row.disconnected_at is None if row is not None else has_settings_key
    mine = (Subscription.business_id == work.business_id) & Subscription.former_account.is_(None)
    charged = (Charge.business_id == work.business_id) & Charge.former_account.is_(None)
    waiting = StripeEvent.business_id == work.business_id
    return AccountRead(
        is_connected=is_connected,
        mode=(row.mode if row is not None else "settings" if has_settings_key else None),
        account_id=(row.stripe_account_id or None) if row is not None else None,
        name=row.name if row is not None else None,
        is_live=row.is_live if row is not None else None,
        connected_at=row.connected_at if row is not None else None,
        disconnected_at=row.disconnected_at if row is not None else None,
        has_webhook_secret=_has_secret(work, settings, vault),
        webhook_path=f"/webhooks/stripe?business={work.business_id}",
        missing_scopes=row.missing_scopes if row is not None else None,
        events_read_until=row.events_read_until if row is not None else None,
        synced_at=row.synced_at if row is not None else None,
        relisted_at=row.relisted_at if row is not None else None,
        last_synced_at=row.synced_at if row is not None else None,
        relist=Relist(**told) if row is not None and (told := summary(row)) else None,
        progress=_progress(row) if is_connected else None,
        connecting=connecting.latest(work),
        answered_at=row.answered_at if row is not None else None,
        error=row.error if row is not None else None,
        failed_at=row.failed_at if row is not None else None,
        subscriptions=work.session.scalar(select(func.count()).select_from(Subscription).where(mine)) or 0,
        charges=work.session.scalar(select(func.count()).select_from(Charge).where(charged)) or 0,
        former=replacing.list_former(work),
        unprocessed=work.session.scalar(
            select(func.count()).select_from(StripeEvent).where(waiting, StripeEvent.processed_at.is_(None))
        )
        or 0,
    )


def _progress(row: StripeAccount | None) -> float:
    """How much of the account was read once: all of it from the first time on."""
    if row is None:
        return 0.0
    told = summary(row)
    return 1.0 if row.relisted_at is not None else float(told["progress"]) if told else 0.0


def _is_connected(work: Work) -> bool:
    """Whether the mirror still follows: one that nobody connected yet (or anew) shows what it has."""
    row = repository.account(work.session, work.business_id)
    return row is None or row.disconnected_at is None


def _has_secret(work: Work, settings: Settings, vault: Vault) -> bool:
    row = repository.account(work.session, work.business_id)
    try:
        if row is not None and vault.open(row.sealed).get("webhook_secrets"):
            return True
    except Broken:
        return False
    is_first = repository.first_business(work.session) == work.business_id
    return is_first and bool(secrets_in(settings.stripe_webhook_secret.get_secret_value()))
