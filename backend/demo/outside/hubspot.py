"""A double of HubSpot's search of contacts."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from backend.core.clock import Clock
from backend.demo.outside.apis import ApiDouble, Record
from backend.demo.outside.talks import Refusal

SEARCH = "/crm/v3/objects/contacts/search"


class HubSpotDouble(ApiDouble):
    """One portal. `furthest` results of one search can be paged through, as there."""

    def __init__(self, clock: Clock, *, token: str = "pat-double") -> None:
        super().__init__(clock)
        self.token, self.authorization = token, f"Bearer {token}"
        self.furthest = 10_000
        self.contacts: dict[str, Record] = {}
        self._ids = count(101)

    def put(self, id: str = "", /, **properties: Any) -> str:
        """Make or change a contact; its id."""
        id = id or str(next(self._ids))
        known = self.contacts.setdefault(id, {})
        known |= properties | {"lastmodifieddate": self.clock.now()}
        return id

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
