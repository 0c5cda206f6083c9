"""Signatures by a secret that the platform and we know: an HMAC, as `scheme=hex` or in base64 with the instant of signing."""

import base64
import hmac
from datetime import datetime
from typing import Literal

from backend.core.errors import Unauthenticated
from backend.integrations.standard_webhooks import TOLERANCE


def is_vouched(message: bytes, signature: str, secret: str, scheme: Literal["sha1", "sha256"]) -> bool:
    """Whether `signature` is `scheme=` and the HMAC of `message` in lower-case hex (RFC 2104).

    White space around the secret is not part of it. No secret vouches for nothing. Takes as long for any signature.
    """
    key = secret.strip().encode()
    if not key:
        return False
    expected = f"{scheme}={hmac.digest(key, message, scheme).hex()}"
    return hmac.compare_digest(expected.encode(), signature.encode())


def expect_vouched(message: bytes, signature: str, secret: str, signed_at: datetime | None, now: datetime) -> None:
    """Unauthenticated unless `signature` is the HMAC-SHA256 of `message` in base64, made within `TOLERANCE` of now."""
    key = secret.strip().encode()
    expected = base64.b64encode(hmac.digest(key, message, "sha256")) if key else b""
    if not expected or not hmac.compare_digest(expected, signature.encode()):
        raise Unauthenticated("The webhook's signature is wrong.", code="BAD_SIGNATURE")
    if signed_at is None or abs(now - signed_at) > TOLERANCE:
        raise Unauthenticated("The webhook was signed too long ago, or the clocks differ.", code="STALE_SIGNATURE")
