"""The way out of mail that every letter to a customer carries: a link of ours that needs no sign-in.

Its token names the customer and is signed by the installation's secret for this one purpose (HMAC-SHA256, cut to 128 bits).
It says nothing to who cannot look the id up here, and never ends: who finds an old mail may still want no more.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from uuid import UUID

from backend.core.security import same
from backend.settings import Settings
from backend.work import Work

PATH = "/mail/stop"
_PURPOSE = b"holdfast: no more mail\n"
_SIZE = 16
Refusal = Callable[[Work, str], str | None]
REFUSALS: list[Refusal] = []


def asked_before_mail(refusal: Refusal) -> Refusal:
    """Ask `refusal` right before a letter leaves whether its customer (an id) can be written to: why not, or None."""
    REFUSALS.append(refusal)
    return refusal


def refusal_of(work: Work, customer_id: str) -> str | None:
    """Why the customer must not be written to, in words; None when nothing speaks against it."""
    return next((why for refusal in REFUSALS if (why := refusal(work, customer_id)) is not None), None)


def token_of(customer_id: str, secret: str) -> str:
    """What of a customer's link is theirs: 43 characters."""
    id = UUID(customer_id).bytes
    return base64.urlsafe_b64encode(id + _seal(id, secret)).decode().rstrip("=")


def customer_of(token: str, secret: str) -> str | None:
    """The id of the customer whose token it is; None for what we never signed."""
    try:
        raw = base64.b64decode(f"{token}=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 2 * _SIZE:
        return None
    id = str(UUID(bytes=raw[:_SIZE]))
    # The whole text, not what it decodes to: the last letter has two bits to spare.
    return id if same(token, token_of(id, secret)) else None


def link_of(customer_id: str, settings: Settings) -> str:
    """Where the customer says that they want no more mail; "" while nobody has said how browsers reach us."""
    server = settings.public_url.rstrip("/")
    return f"{server}{PATH}/{token_of(customer_id, settings.resolved_secret())}" if server else ""


def headers_of(link: str) -> dict[str, str]:
    """What tells a mail program of the link (RFC 2369), and by https that one click does (RFC 8058)."""
    one_click = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if link.startswith("https:") else {}
    return {"List-Unsubscribe": f"<{link}>", **one_click} if link else {}


def line_of(link: str) -> str:
    """The last line of a letter."""
    return (
        f"If you want no more mail like this: {link}"
        if link
        else "If you want no more mail like this, answer and say so."
    )


def _seal(id: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), _PURPOSE + id, "sha256")[:_SIZE]
