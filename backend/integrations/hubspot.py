"""HubSpot: contacts that changed, by its search (CRM API v3). A private app's token with `crm.objects.contacts.read`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.core.outside import Rest, Unclear
from backend.integrations.mapping import RecordMap, at_path
from backend.integrations.shared_secret import expect_vouched
from backend.integrations.source import Batch

PAGE = 100
FURTHEST = 10_000
"""A search shows so many results at most."""
_SEARCH = "/crm/v3/objects/contacts/search"
_CHANGED = "lastmodifieddate"

MAPPING = RecordMap(
    external_id="properties.customer_id",
    handle="id",
    email="properties.email",
    fields={
        "name": "properties.firstname + properties.lastname, properties.company",
        "email": "properties.email",
        "phone": "properties.phone",
        "language": "properties.hs_language",
        "emailOptOut": "properties.hs_email_optout",
    },
)


class HubSpot:
    """One portal."""

    overlap_minutes = 10
    first_days: int | None = None

    def __init__(self, rest: Rest, mapping: RecordMap) -> None:
        self._rest = rest
        named = [path.split(".")[1] for path in mapping.paths() if path.startswith("properties.")]
        self._properties = list(dict.fromkeys([*named, _CHANGED]))

    async def read(self, since: datetime, cursor: str | None, now: datetime) -> Batch:
        """Contacts that were changed since, the longest ago first. The cursor is `milliseconds:after`: the instant of the
        last one, and how many of that instant were read. By its place in the whole list alone somebody would be passed by,
        as whoever changes meanwhile moves to the end, and all others up."""
        begin, _, after = (cursor or f"{int(since.timestamp() * 1_000)}:").partition(":")
        answer = await self._rest.call("POST", _SEARCH, self._question(begin, PAGE, after), is_reading=True)
        found = [one for one in answer.body.get("results") or [] if isinstance(one, dict)]
        if not found or not at_path(answer.body, ("paging", "next", "after")):
            return Batch(found, None)
        last = _milliseconds(found[-1])
        known = int(after or 0) if last == int(begin) else 0
        following = known + sum(_milliseconds(one) == last for one in found)
        if following + PAGE > FURTHEST:
            raise Unclear(f"HubSpot has more than {FURTHEST} contacts that changed in the same millisecond")
        return Batch(found, f"{last}:{following}")

    def _question(self, begin: str, limit: int, after: str = "") -> dict[str, Any]:
        changed = {"propertyName": _CHANGED, "operator": "GTE", "value": begin}
        question: dict[str, Any] = {
            "filterGroups": [{"filters": [changed]}],
            "sorts": [{"propertyName": _CHANGED, "direction": "ASCENDING"}],
            "properties": self._properties,
            "limit": limit,
        }
        return question | ({"after": after} if after else {})

    async def check(self) -> str:
        """How many contacts there are, in words."""
        answer = await self._rest.call("POST", _SEARCH, self._question("0", 1), is_reading=True)
        return f"It answers, and has {answer.body.get('total', 0)} contacts."


class HubSpotHearing:
    """Signature v3: HMAC-SHA256 in base64, by the app's client secret, of method, address, body and milliseconds. It tells
    which contacts changed, and of one property each at most: they are read."""

    nudges_after: float | None = 10.0
    """Its search shows what was changed some seconds later."""

    def verify(self, raw: bytes, headers: Mapping[str, str], secret: str, now: datetime, url: str) -> str:
        stamp = headers.get("x-hubspot-request-timestamp", "")
        is_stamp = stamp.isascii() and stamp.isdigit() and len(stamp) <= 14
        at = datetime.fromtimestamp(int(stamp) / 1_000, UTC) if is_stamp else None
        message = b"POST" + url.encode() + raw + stamp.encode()
        expect_vouched(message, headers.get("x-hubspot-signature-v3", ""), secret, at, now)
        return ""

    def read(self, body: dict[str, Any]) -> Any:
        return {}


def _milliseconds(contact: dict[str, Any]) -> int:
    told = str(at_path(contact, ("properties", _CHANGED)) or contact.get("updatedAt") or "")
    try:
        at = datetime.fromisoformat(told)
    except ValueError as error:
        raise Unclear("HubSpot answered what cannot be read: a contact without the instant of its change") from error
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000)
