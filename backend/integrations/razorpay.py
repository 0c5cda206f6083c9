"""Razorpay: payments, by its list and by its webhooks. A key (id and secret); webhooks are signed with a secret of their own."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.core.errors import Unauthenticated
from backend.core.outside import Rest
from backend.integrations.mapping import RecordMap, at_path
from backend.integrations.source import Batch

PAGE = 100
_LONGEST_ID = 128

MAPPING = RecordMap.model_validate(
    {
        "externalId": "notes.customer_id, notes.customerId",
        "handle": "customer_id",
        "email": "email",
        "makesCustomers": False,
        "onlyBlanks": True,
        "fields": {"email": "email", "phone": "contact"},
        "signals": [
            {
                "type": "payment_failed",
                "when": {"status": "failed"},
                "id": "id",
                "at": "created_at | instant",
                "properties": {
                    "amount": "amount | hundredth",
                    "reason": "error_reason, error_code",
                    "source": "method",
                },
            }
        ],
    }
)


class Razorpay:
    """One account. A payment may fail minutes after it was made, by which it is listed: hence the long overlap."""

    overlap_minutes = 60
    first_days: int | None = 90

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def read(self, since: datetime, cursor: str | None, now: datetime) -> Batch:
        """Payments that were made since. The cursor is `from:to:skip`, so that new ones move nothing."""
        begin, end, skip = (int(part) for part in (cursor or f"{_seconds(since)}:{_seconds(now)}:0").split(":"))
        answer = await self._rest.get("/v1/payments", **{"from": begin, "to": end, "count": PAGE, "skip": skip})
        found = [one for one in answer.body.get("items") or [] if isinstance(one, dict)]
        return Batch(found, f"{begin}:{end}:{skip + PAGE}" if len(found) == PAGE else None)

    async def check(self) -> str:
        """Whether the key is one."""
        await self._rest.get("/v1/payments", count=1)
        return "It answers."


class RazorpayHearing:
    """HMAC-SHA256 of the body in hex; each event has an id in a header, the same on every delivery."""

    nudges_after: float | None = None

    def verify(self, raw: bytes, headers: Mapping[str, str], secret: str, now: datetime, url: str) -> str:
        key = secret.strip().encode()
        expected = hmac.digest(key, raw, "sha256").hex() if key else ""
        given = headers.get("x-razorpay-signature", "")
        if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
            raise Unauthenticated("The webhook's signature is wrong.", code="BAD_SIGNATURE")
        return headers.get("x-razorpay-event-id", "")[:_LONGEST_ID]

    def read(self, body: dict[str, Any]) -> Any:
        return at_path(body, ("payload", "payment", "entity")) or {}


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
