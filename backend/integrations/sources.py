"""The systems whose records are read or heard, by the names of their kinds. Adding one is one file and a line here."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.core.outside import Outside, Rest
from backend.integrations import hubspot, razorpay, standard_webhooks, zendesk
from backend.integrations.accounts import Door
from backend.integrations.hubspot import HubSpot, HubSpotHearing
from backend.integrations.kinds import BY_NAME, INBOX
from backend.integrations.mapping import RecordMap
from backend.integrations.razorpay import Razorpay, RazorpayHearing
from backend.integrations.source import Hearing, Source
from backend.integrations.zendesk import Zendesk, ZendeskHearing


class StandardHearing:
    """Standard Webhooks: any system that signs as that has it."""

    nudges_after: float | None = None

    def verify(self, raw: bytes, headers: Mapping[str, str], secret: str, now: datetime, url: str) -> str:
        return standard_webhooks.verify(raw, headers, secret, now)

    def read(self, body: dict[str, Any]) -> Any:
        return body


MAPPINGS: dict[str, RecordMap] = {
    "hubspot": hubspot.MAPPING,
    "zendesk": zendesk.MAPPING,
    "razorpay": razorpay.MAPPING,
    INBOX: RecordMap(),
}
"""How the records of each become ours as long as nobody says otherwise. What has none is no such system."""

HEARINGS: dict[str, Hearing] = {
    INBOX: StandardHearing(),
    "hubspot": HubSpotHearing(),
    "zendesk": ZendeskHearing(),
    "razorpay": RazorpayHearing(),
}


def mapping_of(platform: str, config: Mapping[str, Any]) -> RecordMap:
    """The mapping in force of a connection."""
    return RecordMap.model_validate(config["mapping"]) if config.get("mapping") else MAPPINGS[platform]


def open_source(door: Door, mapping: RecordMap, outside: Outside) -> Source:
    """The account behind `door`, for work that nobody waits for. KeyError for a kind that is not read."""
    header = {
        "hubspot": f"Bearer {door.token}",
        "zendesk": _basic(f"{door.agent_id}/token", door.token),
        "razorpay": _basic(door.account_id, door.token),
    }[door.platform]
    rest = Rest(
        outside,
        door.base_url,
        {"Authorization": header, "Accept": "application/json"},
        title=BY_NAME[door.platform].title,
        account=f"{door.business_id}/{door.platform}",
        per_minute=door.per_minute,
        is_patient=True,
    )
    match door.platform:
        case "hubspot":
            return HubSpot(rest, mapping)
        case "zendesk":
            return Zendesk(rest)
    return Razorpay(rest)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
