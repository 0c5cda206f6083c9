"""Signatures as Standard Webhooks has them: an id, an instant and the body, under a secret that both sides know.

Source: the Standard Webhooks specification, 1.0 (symmetric signatures, `v1`): HMAC-SHA256 over `id.timestamp.body`, in
base64; several signatures stand in one header, with spaces between, so that a secret can be changed without a gap.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from backend.core.errors import Unauthenticated, Unavailable

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""How old, or ahead, a signed instant may be: what was recorded cannot be sent again later."""
_LONGEST_ID = 256
_MOST_SIGNATURES = 16


def new_secret() -> str:
    """A random secret of 32 bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The bytes that a secret stands for; one without the prefix stands for itself. ValueError for an empty one."""
    secret = secret.strip()
    key = secret.encode()
    if secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error as error:
            raise ValueError("what follows whsec_ is not base64") from error
    if not key:
        raise ValueError("the secret is empty")
    return key


def signed(id: str, at: datetime, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """The headers that vouch for `body` under each of the secrets `keys`."""
    stamp = str(int(at.timestamp()))
    signatures = " ".join(f"v1,{_signature(id, stamp, body, key_of(secret))}" for secret in keys)
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signatures}


def verify(raw: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> str:
    """The id of a webhook whose signature is right. Unauthenticated when it is not, or not of the present; Unavailable
    when `secret` is none."""
    try:
        key = key_of(secret)
    except ValueError as error:
        raise Unavailable(f"Webhooks are refused: {error}.", code="WEBHOOK_NOT_CONFIGURED") from error
    id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not 0 < len(id) <= _LONGEST_ID or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise Unauthenticated("webhook-id and webhook-timestamp are missing or misshapen.", code="BAD_SIGNATURE")
    expected = _signature(id, stamp, raw, key)
    given = headers.get("webhook-signature", "").split(" ")[:_MOST_SIGNATURES]
    # Every one is compared, so that the time taken tells nothing.
    if not sum([hmac.compare_digest(f"v1,{expected}".encode(), one.encode()) for one in given]):
        raise Unauthenticated("The webhook's signature is wrong.", code="BAD_SIGNATURE")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise Unauthenticated("The webhook was signed too long ago, or the clocks differ.", code="STALE_SIGNATURE")
    return id


def _signature(id: str, stamp: str, body: bytes, key: bytes) -> str:
    return base64.b64encode(hmac.digest(key, f"{id}.{stamp}.".encode() + body, "sha256")).decode()
