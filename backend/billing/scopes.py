"""What a key must be allowed to do, tried call by call. Nothing is changed: each call that would write names something
that is not there, so Stripe refuses it: for want of the permission, or else because it found nothing.

That the permission is looked at first is how Stripe answers restricted keys; a sandbox key should confirm it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from backend.billing.gateway import Door, Gateway, Gateways, is_live_key
from backend.core.clock import RealClock
from backend.core.outside import Outside, Refused

_NOTHING = "holdfast_permission_check"
Try = Callable[[Gateway], Awaitable[Any]]


def _read(path: str, **params: Any) -> Try:
    return lambda gateway: gateway.page(path, limit=1, **params)


def _write(path: str, **params: Any) -> Try:
    return lambda gateway: gateway.post(path, f"{_NOTHING}/{path}", **params)


SCOPES: dict[str, Try] = {
    "subscriptions (read)": _read("subscriptions", status="all"),
    "subscriptions (write)": _write(f"subscriptions/sub_{_NOTHING}", cancel_at_period_end=True),
    "subscription schedules (read)": _read("subscription_schedules"),
    "subscription schedules (write)": _write(f"subscription_schedules/sub_sched_{_NOTHING}/release"),
    "customers (read)": _read("customers"),
    "products (read)": _read("products"),
    "prices (read)": _read("prices"),
    "coupons (write)": _write("coupons", percent_off=0, duration="once"),
    "invoices (read)": _read("invoices"),
    "invoice payments (read)": _read("invoice_payments"),
    "invoice previews": lambda gateway: gateway.create_preview(subscription=f"sub_{_NOTHING}"),
    "charges and refunds (read)": _read("refunds"),
    "charges (read)": _read("charges"),
    "disputes (read)": _read("disputes"),
    "payouts (read)": _read("payouts"),
    "balance (read)": lambda gateway: gateway.get("balance"),
    "events (read)": _read("events"),
}


async def missing_scopes(gateway: Gateway) -> list[str]:
    """The names of what the key may not do. Refused (401) for a key that Stripe does not know; other `Trouble` passes."""
    missing = []
    for name, attempt in SCOPES.items():
        try:
            await attempt(gateway)
        except Refused as refused:
            if refused.status == 401:
                raise
            if refused.status == 403:
                missing.append(name)
    return missing


async def tried(key: str, base: str) -> tuple[str, list[str]]:
    """(the account's id, what `key` may not do), for who has a key and no server. `Trouble` when Stripe is not reached."""
    outside = Outside(RealClock())
    try:
        gateway = Gateways(outside, base).open(Door("", key, None, is_live_key(key)), tries=2)
        account = str((await gateway.account()).get("id", "?"))
        return account, await missing_scopes(gateway)
    finally:
        await outside.close()
