"""Which Stripe account a business has, and the way to it: the key of the settings for the first business, or one of its
own, sealed in its row.
"""

from collections.abc import Callable
from typing import Any, Protocol

from backend.billing import repository
from backend.billing.gateway import TRIES, Door, Gateway
from backend.core.errors import Unprocessable
from backend.core.sealing import Broken, Vault
from backend.settings import Settings
from backend.work import Work

NOT_CONNECTED = (
    "No Stripe account is connected. An admin must set HOLDFAST_STRIPE_SECRET_KEY for the first business,"
    " or give the business a restricted key: `holdfast stripe connect`."
)


class Reader(Protocol):
    """Runs services of one business: what routers and jobs are handed."""

    runtime: Any

    async def read(self, service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...


async def reach(reader: Reader, *, tries: int = TRIES) -> Gateway:
    """The gateway of the business. Unprocessable (STRIPE_NOT_CONNECTED) when it has no account.

    Call it outside of any transaction; `tries` are fewer where somebody waits.
    """
    runtime = reader.runtime
    door: Door | None = await reader.read(door_of, runtime.settings, runtime.vault)
    if door is None:
        raise Unprocessable(NOT_CONNECTED, code="STRIPE_NOT_CONNECTED")
    gateway: Gateway = runtime.stripe.open(door, tries=tries)
    return gateway


def door_of(work: Work, settings: Settings, vault: Vault) -> Door | None:
    """How to call the business's account; None when it has none, or was disconnected."""
    row = repository.account(work.session, work.business_id)
    if row is not None and row.disconnected_at is not None:
        return None
    key, account = _key(work, settings, vault), None
    if row is not None and row.mode == "connect":
        key, account = settings.stripe_secret_key.get_secret_value(), row.stripe_account_id
    return Door(work.business_id, key, account, is_live_key(key)) if key else None


def _key(work: Work, settings: Settings, vault: Vault) -> str:
    row = repository.account(work.session, work.business_id)
    if row is not None and row.sealed is not None:
        try:
            return str(vault.open(row.sealed).get("key", ""))
        except Broken as broken:
            words = f"The Stripe key of this business cannot be used: {broken}. Give it again."
            raise Unprocessable(words, code="STRIPE_KEY_UNREADABLE") from broken
    is_first = repository.first_business(work.session) == work.business_id
    return settings.stripe_secret_key.get_secret_value().strip() if is_first else ""


def is_live_key(key: str) -> bool:
    """Stripe's keys say so themselves: sk_live_…, rk_test_…"""
    return "_live_" in key[:9]
