"""A double of HubSpot's search of contacts, and of its webhooks (signature v3)."""

import base64
import hmac
import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from backend.core.clock import Clock
from backend.demo.outside.apis import ApiDouble, Record
from backend.demo.outside.freshchat import Webhook
from backend.demo.outside.talks import Refusal

SEARCH = "/crm/v3/objects/contacts/search"


class HubSpotDouble(ApiDouble):
    """One portal. `furthest` results of one search can be paged through, as there."""

    def __init__(self, clock: Clock, *, token: str = "pat-double", secret: str = "hs-client-secret") -> None:
        super().__init__(clock)
        self.token, self.secret, self.authorization = token, secret, f"Bearer {token}"
        self.furthest = 10_000
        self.contacts: dict[str, Record] = {}
        self._ids = count(101)

    def put(self, id: str = "", /, **properties: Any) -> str:
        """Make or change a contact; its id."""
        id = id or str(next(self._ids))
        known = self.contacts.setdefault(id, {})
        known |= properties | {"lastmodifieddate": self.clock.now()}
        return id

    def webhook(self, id: str, url: str) -> Webhook:
        """What is told of a contact that changed, to an address."""
        now = int(self.clock.now().timestamp() * 1_000)
        event = {
            "eventId": next(self._ids),
            "portalId": 1,
            "subscriptionType": "contact.propertyChange",
            "objectId": int(id),
        }
        event |= {
            "occurredAt": now,
            "attemptNumber": 0,
            "propertyName": "email",
            "propertyValue": self.contacts[id].get("email"),
        }
        body = json.dumps([event]).encode()
        message = b"POST" + url.encode() + body + str(now).encode()
        signature = base64.b64encode(hmac.digest(self.secret.encode(), message, "sha256")).decode()
        return body, {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": str(now)}

    def answer(self, method: str, path: str, asked: Record) -> Any:
        if (method, path) != ("POST", SEARCH):
            raise Refusal(404, "no such address")
        (condition,) = asked["filterGroups"][0]["filters"]
        assert (condition["propertyName"], condition["operator"]) == ("lastmodifieddate", "GTE")
        assert asked["sorts"] == [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]
        since = datetime.fromtimestamp(int(condition["value"]) / 1_000, UTC)
        found = [(one["lastmodifieddate"], id) for id, one in self.contacts.items() if one["lastmodifieddate"] >= since]
        after, limit = int(asked.get("after") or 0), int(asked["limit"])
        if limit > 100 or after + limit > self.furthest:
            raise Refusal(400, f"paging over {self.furthest} results is not possible")
        shown = sorted(found)[after : after + limit]
        more = {"paging": {"next": {"after": str(after + limit)}}} if len(found) > after + limit else {}
        return {"total": len(found), "results": [self._shown(id, asked["properties"]) for _, id in shown], **more}

    def _shown(self, id: str, properties: list[str]) -> Record:
        contact = self.contacts[id]
        at = contact["lastmodifieddate"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told = {name: contact.get(name) for name in properties} | {"lastmodifieddate": at}
        return {"id": id, "properties": told, "createdAt": at, "updatedAt": at, "archived": False}
