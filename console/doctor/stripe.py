"""The Stripe key of a server on this machine: whether Stripe takes it, and what it may not do."""

import asyncio
from typing import TYPE_CHECKING

from console.doctor.check import Check, fail, ok, warn

if TYPE_CHECKING:
    from backend.settings import Settings


def key(settings: "Settings") -> list[Check]:
    """Nothing when no key is set. Each permission is tried by a call that changes nothing."""
    secret = settings.stripe_secret_key.get_secret_value().strip()
    if not secret:
        return []
    from backend.billing import scopes
    from backend.core.outside import Refused, Trouble

    try:
        account, missing = asyncio.run(scopes.tried(secret, settings.stripe_api_base))
    except Refused as refused:
        return [fail("stripe key", str(refused), "Set HOLDFAST_STRIPE_SECRET_KEY to a key of the account's.")]
    except Trouble as trouble:
        return [warn("stripe key", str(trouble), "The key could not be tried; run `holdfast doctor` again.")]
    kind = "live" if "_live_" in secret[:9] else "test"
    found = [ok("stripe key", f"{kind} key of {account}")]
    advice = "Give the key this permission in Stripe's dashboard (Developers, API keys)."
    found += [fail("stripe permission", f"{name}: missing", advice) for name in missing]
    if not missing:
        found.append(ok("stripe permissions", f"all {len(scopes.SCOPES)} that are needed"))
    if not settings.stripe_webhook_secret.get_secret_value():
        found.append(
            warn(
                "stripe webhooks",
                "no secret is set",
                "Set HOLDFAST_STRIPE_WEBHOOK_SECRET, or changes come a while later.",
            )
        )
    return found
