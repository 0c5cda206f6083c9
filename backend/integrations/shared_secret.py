"""Signatures by a secret that the platform and we know: `scheme=hex` of an HMAC."""

import hmac
from typing import Literal


def is_vouched(message: bytes, signature: str, secret: str, scheme: Literal["sha1", "sha256"]) -> bool:
    """Whether `signature` is `scheme=` and the HMAC of `message` in lower-case hex (RFC 2104).

    White space around the secret is not part of it. No secret vouches for nothing. Takes as long for any signature.
    """
    key = secret.strip().encode()
    if not key:
        return False
    expected = f"{scheme}={hmac.digest(key, message, scheme).hex()}"
    return hmac.compare_digest(expected.encode(), signature.encode())
