"""Zendesk: tickets that changed, by its incremental export (cursors), with who asked beside each. An API token of an admin."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.core.outside import Refused, Rest
from backend.integrations.mapping import RecordMap
from backend.integrations.shared_secret import expect_vouched
from backend.integrations.source import Batch

_EXPORT = "/api/v2/incremental/tickets/cursor.json"
_NOT_YET = timedelta(minutes=1)
"""It refuses a start that is nearer than this."""
_LONGEST_ID = 128

MAPPING = RecordMap.model_validate(
    {
        "externalId": "requester.external_id",
        "handle": "requester_id",
        "email": "requester.email",
        "makesCustomers": False,
        "onlyBlanks": True,
        "fields": {"name": "requester.name", "email": "requester.email", "phone": "requester.phone"},
        "signals": [
            {
                "type": "support_ticket",
                "id": "id",
                "at": "created_at | instant",
                "properties": {"status": "status", "category": "type", "source": "via.channel"},
            },
            {
                "type": "support_negative",
                "when": {"satisfaction_rating.score": "bad"},
                "id": "id",
                "at": "updated_at | instant",
                "properties": {"reason": "satisfaction_rating.reason"},
            },
        ],
    }
)


class Zendesk:
    """One account."""

    overlap_minutes = 10
    first_days: int | None = 90

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def read(self, since: datetime, cursor: str | None, now: datetime) -> Batch:
        """Tickets that were changed since, each with its `requester`. The cursor is theirs."""
        begin = None if cursor else int(min(since, now - _NOT_YET).timestamp())
        answer = await self._rest.get(_EXPORT, start_time=begin, cursor=cursor, include="users")
        people = {one.get("id"): one for one in answer.body.get("users") or [] if isinstance(one, dict)}
        tickets = [one for one in answer.body.get("tickets") or [] if isinstance(one, dict)]
        records: list[dict[str, Any]] = [
            one | {"requester": people.get(one.get("requester_id"), {})} for one in tickets
        ]
        is_over = answer.body.get("end_of_stream", True) or not answer.body.get("after_cursor")
        return Batch(
            [one for one in records if one.get("status") != "deleted"],
            None if is_over else str(answer.body["after_cursor"]),
        )

    async def check(self) -> str:
        """Whose token it is, in words. A wrong one is nobody's, and refused."""
        me = (await self._rest.get("/api/v2/users/me.json")).body.get("user") or {}
        if not me.get("id"):
            raise Refused("Zendesk does not know the token", 401)
        return f"It answers, to {me.get('name') or 'somebody'} ({me.get('role') or 'no role'})."


class ZendeskHearing:
    """HMAC-SHA256 in base64, by the webhook's own secret, of instant and body. What it tells is what an admin wrote or the
    kind of event has: the tickets are read."""

    nudges_after: float | None = 65.0
    """The export leaves the latest minute out."""

    def verify(self, raw: bytes, headers: Mapping[str, str], secret: str, now: datetime, url: str) -> str:
        stamp = headers.get("x-zendesk-webhook-signature-timestamp", "")
        signature = headers.get("x-zendesk-webhook-signature", "")
        expect_vouched(stamp.encode("latin-1", "replace") + raw, signature, secret, _instant(stamp), now)
        return headers.get("x-zendesk-webhook-invocation-id", "")[:_LONGEST_ID]

    def read(self, body: dict[str, Any]) -> Any:
        return {}


def _instant(stamp: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
