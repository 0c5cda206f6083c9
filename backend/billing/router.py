"""/api/subscriptions, /api/plans, /api/businesses/{id}/stripe."""

from typing import Annotated, get_args

from fastapi import Query

from backend.billing import accounts, connecting, service, syncing
from backend.billing.change_router import router as changes
from backend.billing.connect_router import router as connecting_routes
from backend.billing.gateway import Door, is_live_key
from backend.billing.repository import Filters
from backend.billing.schemas import (
    AccountConnect,
    AccountRead,
    PlanRead,
    Status,
    SubscriptionRead,
    SubscriptionSort,
    SyncAccepted,
    SyncAsked,
)
from backend.core.errors import Conflict, Invalid, Unavailable, Unprocessable
from backend.core.outside import Refused, Trouble
from backend.core.text import Key
from backend.core.wire import Page
from backend.identity.service import own_business
from backend.runtime import Runtime
from backend.unit import Router, RuntimeOf, Unit

router = Router(prefix="/api", tags=["billing"])


@router.get("/subscriptions")
async def list_subscriptions(
    unit: Unit,
    customer_id: Annotated[Key | None, Query(alias="customerId")] = None,
    status: Annotated[str, Query(max_length=200)] = "",
    plan: Key | None = None,
    q: Annotated[str, Query(max_length=200)] = "",
    sort: SubscriptionSort = "newest",
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SubscriptionRead]:
    """One page of subscriptions. `plan` is our id or Stripe's of the price; `status` may be several, with commas between."""
    filters = Filters(customer_id, _statuses(status), plan, q)
    return await unit.read(service.list_subscriptions, filters, cursor=cursor, limit=limit, sort=sort)


def _statuses(given: str) -> tuple[str, ...]:
    wanted = tuple(part.strip() for part in given.split(",") if part.strip())
    if any(one not in get_args(Status) for one in wanted):
        raise Invalid(f"status: must be some of {', '.join(get_args(Status))}, with commas between", field="status")
    return wanted


@router.get("/subscriptions/{subscription_id}")
async def read_subscription(subscription_id: str, unit: Unit) -> SubscriptionRead:
    """The subscription by our id or Stripe's, as Stripe showed it at `readAt`."""
    return await unit.read(service.show_subscription, subscription_id)


@router.get("/plans")
async def list_plans(unit: Unit, active: bool | None = None) -> Page[PlanRead]:
    """All plans, the cheapest first."""
    return Page(items=await unit.read(service.list_plans, is_active=active))


@router.get("/businesses/{business_id}/stripe")
async def read_stripe(business_id: str, unit: Unit, runtime: RuntimeOf) -> AccountRead:
    """The Stripe account, and how far it has been read."""
    await unit.read(own_business, business_id)
    return await unit.read(service.read_account, runtime.settings, runtime.vault)


@router.post("/businesses/{business_id}/stripe", status_code=201)
async def connect_stripe(business_id: str, body: AccountConnect, unit: Unit, runtime: RuntimeOf) -> AccountRead:
    """Connect an account by a restricted key, after Stripe was asked whose it is. 409 when one is connected, or when this is
    another one than before (STRIPE_ACCOUNT_ANOTHER names both) and `replaces` does not agree to that; 422 when Stripe does
    not take the key."""
    await unit.read(own_business, business_id)
    account = await unit.read(service.read_account, runtime.settings, runtime.vault)
    if account.connected_at is not None and account.is_connected:
        raise Conflict("A Stripe account is connected already. Disconnect it first.", code="STRIPE_CONNECTED")
    key = body.key or await unit.read(accounts.settings_key, runtime.settings)
    if not key:
        raise Unprocessable(accounts.NOT_CONNECTED, code="STRIPE_NOT_CONNECTED")
    door = Door(unit.business_id, key, None, is_live_key(key))
    try:
        shown = await runtime.stripe.open(door, tries=2).account()
    except Refused as refused:
        raise Unprocessable(f"Stripe does not take this key. {refused}", code="STRIPE_KEY_REFUSED") from refused
    except Trouble as trouble:
        raise Unavailable(f"{trouble}. Nothing was connected; try again.", code="STRIPE_UNREACHABLE") from trouble
    secrets = [secret for secret in body.webhook_secrets if secret]
    sealed = {"key": body.key, "webhook_secrets": secrets} if body.key else None
    await unit.unkept.write(accounts.connect, door, shown, runtime.vault, sealed, body.replaces)
    runtime.trust.forget()
    return await unit.read(service.read_account, runtime.settings, runtime.vault)


@router.delete("/businesses/{business_id}/stripe", status_code=204)
async def disconnect_stripe(business_id: str, unit: Unit, runtime: RuntimeOf) -> None:
    """Forget the key, or give up the access that was agreed to, also while it waits for somebody to agree that it replaces
    the last one. What was read stays, to be looked at."""
    await unit.read(own_business, business_id)
    door = await unit.read(accounts.door_of, runtime.settings, runtime.vault)
    if door is None and (waiting := await unit.read(connecting.agreed_to)):
        await _give_up(runtime, connecting.platform(runtime.settings, unit.business_id, waiting[0]))
        await unit.write(connecting.drop)
        return
    if door is not None and door.account:
        await _give_up(runtime, door)
    by = unit.actor.name or "a member"
    if door is not None:
        await unit.write(accounts.let_go, door, by=by)
    else:
        await unit.write(accounts.disconnect, by=by)
    runtime.trust.forget()


@router.post("/businesses/{business_id}/stripe/sync", status_code=202)
async def sync_stripe(business_id: str, body: SyncAsked, unit: Unit) -> SyncAccepted:
    """Read now what changed at Stripe, or everything. 422 when no account is connected."""
    await unit.read(own_business, business_id)
    id = await unit.write(syncing.want, is_full=body.is_full)
    if id is None:
        raise Unprocessable(accounts.NOT_CONNECTED, code="STRIPE_NOT_CONNECTED")
    return SyncAccepted(id=id)


async def _give_up(runtime: Runtime, door: Door) -> None:
    platform = runtime.stripe.open(connecting.platform(runtime.settings, door.business_id), tries=2)
    try:
        await platform.deauthorise(runtime.settings.stripe_connect_client_id.strip(), door.account or "")
    except Refused:
        pass  # Stripe knows of no access (any more): that is what was wanted
    except Trouble as trouble:
        words = f"{trouble}. It is connected still; try again."
        raise Unavailable(words, code="STRIPE_UNREACHABLE") from trouble


router.take_in(connecting_routes)
router.take_in(changes)
