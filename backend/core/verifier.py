"""What a terminal shows of what it holds, when it signs in by a browser (RFC 7636, S256)."""

import base64
import hashlib


def challenge_of(verifier: str) -> str:
    """The SHA-256 of `verifier`, in the alphabet of URLs and without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
