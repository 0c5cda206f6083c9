"""Whose page it is: the business's server vouches for its customer, because the key in the page is everybody's.

The server signs the customer's id, ours or its own, with the secret that came with the page's key: HMAC-SHA256, in lower
case hex. The page passes that on as `customerToken`. The secret is made of the installation's and of the key, so it is
kept nowhere, and another one as soon as the key is rotated.
"""

import hashlib
import hmac
from typing import TYPE_CHECKING

from backend.core.errors import Forbidden
from backend.core.security import same

if TYPE_CHECKING:
    from backend.identity.gate import Caller
    from backend.runtime import Runtime

_PREFIX = "hfs_"
"""By which people and scanners of leaks know it."""


def customer_secret(installation: str, key_fingerprint: str) -> str:
    """The secret that goes with a page's key; `installation` is the installation's own."""
    about = f"holdfast: customers of the page with the key {key_fingerprint}"
    return _PREFIX + hmac.new(installation.encode(), about.encode(), hashlib.sha256).hexdigest()


def customer_token(secret: str, customer_id: str) -> str:
    """What the business's server puts into the page of that customer."""
    return hmac.new(secret.encode(), customer_id.encode(), hashlib.sha256).hexdigest()


def expect_vouched(runtime: "Runtime", caller: "Caller", token: str | None, *ids: str) -> None:
    """Forbidden when a page calls and its business's server did not sign one of `ids`, which are the customer's.

    Only who is vouched for takes of the calls a minute that all customers of the page share (RateLimited after those).
    """
    if not caller.origins:
        return
    secret = customer_secret(runtime.gate.secret, caller.fingerprint)
    if not any(same(customer_token(secret, id), token or "") for id in ids):
        raise Forbidden(
            "This page does not show that it is this customer's: customerToken must be the HMAC-SHA256 of the customerId, "
            "in hex, by the customerSecret that came with this key. Make it on your server.",
            code="CUSTOMER_NOT_VOUCHED",
        )
    runtime.retention_limit.hit(caller.actor.id or "")
