"""Who may tell us something by Stripe's webhook: signatures, and whose account they stand for."""

import hmac
import re
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.billing import repository
from backend.billing.gateway import is_live_key
from backend.billing.models import StripeAccount
from backend.core.db import Database
from backend.core.errors import Unauthenticated, Unavailable
from backend.core.sealing import Broken, Vault
from backend.identity.models import Business
from backend.settings import Settings

SIGNATURE = "stripe-signature"
TOLERANCE_SECONDS = 300
"""Between the signed instant and now, both ways: one from the future could be kept and sent again later."""
_REMEMBER_SECONDS = 2.0
_REMEMBER_AT_MOST = 1_000


@dataclass(frozen=True)
class Trusted:
    """What vouches for a business's webhooks. `is_live` is None when no key says which mode is meant.

    `platform` are those of the settings: they vouch for every account that our Connect platform is connected to, and a
    business's own secret, which its admins know, for nobody but itself.
    """

    business_id: str
    secrets: tuple[str, ...]
    is_live: bool | None
    platform: tuple[str, ...] = ()


def verify(raw: bytes, header: str, secrets: tuple[str, ...], now: datetime) -> None:
    """Unauthenticated unless one of `secrets` signed the raw body, and not long before or after `now`.

    The header is `t=…,v1=…`, with a `v1` for each secret while one is rolled (docs.stripe.com/webhooks/signature);
    other schemes are not looked at.
    """
    parts = [part.partition("=")[::2] for part in header.split(",")]
    signed_at = next((value.strip() for name, value in parts if name.strip() == "t"), "")
    given = [value.strip() for name, value in parts if name.strip() == "v1"]
    expected = [_signature(raw, signed_at, secret) for secret in secrets]
    vouched = [hmac.compare_digest(one.encode(), told.encode()) for one in expected for told in given]
    if not any(vouched):
        raise Unauthenticated(
            "Stripe-Signature is not a signature (v1) of this body by any of the webhook secrets that were set.",
            code="SIGNATURE_INVALID",
        )
    if not signed_at.isascii() or not signed_at.isdigit() or len(signed_at) > 12:
        raise Unauthenticated("Stripe-Signature has no time (t=seconds).", code="SIGNATURE_INVALID")
    if abs(now.timestamp() - int(signed_at)) > TOLERANCE_SECONDS:
        raise Unauthenticated(
            f"This webhook was signed more than {TOLERANCE_SECONDS} seconds away from now. Check the server's clock.",
            code="SIGNATURE_EXPIRED",
        )


def _signature(raw: bytes, signed_at: str, secret: str) -> str:
    return hmac.digest(secret.encode(), signed_at.encode() + b"." + raw, "sha256").hex()


def secrets_in(setting: str) -> tuple[str, ...]:
    """The secrets of a setting: several with commas or spaces between them."""
    return tuple(part for part in re.split(r"[\s,]+", setting) if part)


class Trust:
    """Remembers for two seconds what vouches for whom: a burst of webhooks asks the database once."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._known: dict[str, tuple[float, Trusted]] = {}

    def forget(self) -> None:
        """An account was connected or disconnected."""
        self._known.clear()

    async def of(self, business: str, vault: Vault) -> Trusted:
        """What vouches for the business, "" for the first. Unavailable, saying what to set, when nothing does."""
        until, trusted = self._known.get(business, (0.0, None))
        if trusted is None or until < time.monotonic():
            trusted = await self._database.read(lambda session: _trusted(session, business, self._settings, vault))
            if len(self._known) >= _REMEMBER_AT_MOST:
                self._known.clear()
            self._known[business] = (time.monotonic() + _REMEMBER_SECONDS, trusted)
        return trusted


def _trusted(session: Session, business: str, settings: Settings, vault: Vault) -> Trusted:
    first = repository.first_business(session)
    id = session.scalar(select(Business.id).where(Business.id == business)) if business else first
    if id is not None:
        account = repository.account(session, id)
        sealed = _opened(account, vault)
        secrets = tuple(sealed.get("webhook_secrets") or ())
        key = str(sealed.get("key") or "")
        platform: tuple[str, ...] = ()
        if id == first:
            platform = secrets_in(settings.stripe_webhook_secret.get_secret_value())
            secrets += platform
            key = key or settings.stripe_secret_key.get_secret_value()
        if secrets:
            return Trusted(id, secrets, is_live_key(key) if key else None, platform)
    raise Unavailable(
        "Stripe's webhooks are refused, because nothing was set to check them with. An admin must set"
        " HOLDFAST_STRIPE_WEBHOOK_SECRET, or give the business's own secret with its key: `holdfast stripe connect`.",
        code="WEBHOOK_NOT_CONFIGURED",
        setting="HOLDFAST_STRIPE_WEBHOOK_SECRET",
    )


def _opened(account: StripeAccount | None, vault: Vault) -> dict[str, Any]:
    try:
        return vault.open(account.sealed) if account else {}
    except Broken:  # an admin is told when the key is needed
        return {}


def business_of_account(session: Session, stripe_account_id: str) -> tuple[str, bool] | None:
    """(business, whether it is live) of an account that our Connect platform is connected to. A business that had it
    before another one connected it hears nothing of it any more."""
    mine = (StripeAccount.stripe_account_id == stripe_account_id) & (StripeAccount.mode == "connect")
    mine &= StripeAccount.disconnected_at.is_(None)
    found = session.execute(select(StripeAccount.business_id, StripeAccount.is_live).where(mine)).first()
    return (found.business_id, found.is_live) if found else None
