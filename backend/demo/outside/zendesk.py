"""A double of Zendesk's incremental export of tickets, and of its webhooks."""

import base64
import hmac
import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from backend.core.clock import Clock
from backend.demo.outside.apis import ApiDouble, Record, basic
from backend.demo.outside.freshchat import Webhook
from backend.demo.outside.talks import Refusal


class ZendeskDouble(ApiDouble):
    """One account. The export answers `page` tickets at once."""

    page = 100

    def __init__(
        self, clock: Clock, *, email: str = "admin@feast.co", token: str = "zd-double", secret: str = "zd-hook"
    ) -> None:
        super().__init__(clock)
        self.email, self.token, self.authorization = email, token, basic(f"{email}/token", token)
        self.secret = secret
        self.users: dict[int, Record] = {}
        self.tickets: dict[int, Record] = {}
        self._order: list[int] = []
        self._ids = count(1)

    def user(self, external_id: str | None = None, **more: Any) -> int:
        """Somebody who asks; their id."""
        id = next(self._ids) + 9_000
        self.users[id] = {"id": id, "external_id": external_id, "name": "", "email": None, "phone": None, **more}
        return id

    def ticket(self, requester_id: int, id: int = 0, **more: Any) -> int:
        """Make or change a ticket; its id."""
        id, now = id or next(self._ids), self.clock.now()
        made = {"id": id, "created_at": now, "status": "open", "type": "problem", "via": {"channel": "web"}}
        self.tickets[id] = {**made, **self.tickets.get(id, {}), "requester_id": requester_id, **more, "updated_at": now}
        self._order = [one for one in self._order if one != id] + [id]
        return id

    def webhook(self, id: int) -> Webhook:
        """What is told of a ticket that changed."""
        detail = {"id": str(id), "requester_id": str(self.tickets[id]["requester_id"]), "subject": "I am Asha"}
        body = json.dumps({"type": "zen:event-type:ticket.status_changed", "detail": detail}).encode()
        stamp = self.clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")
        signature = base64.b64encode(hmac.digest(self.secret.encode(), stamp.encode() + body, "sha256")).decode()
        told = {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": stamp}
        return body, told | {"X-Zendesk-Webhook-Invocation-Id": f"inv-{next(self._ids)}"}

    def answer(self, method: str, path: str, asked: Record) -> Any:
        if path == "/api/v2/users/me.json":
            return {"user": {"id": 1, "name": "Admin", "role": "admin"}}
        if path != "/api/v2/incremental/tickets/cursor.json":
            raise Refusal(404, "no such address")
        if "cursor" in asked:
            place = int(asked["cursor"].removeprefix("c"))
        else:
            since = datetime.fromtimestamp(int(asked["start_time"]), UTC)
            if (self.clock.now() - since).total_seconds() < 60:
                raise Refusal(400, "start_time must be more than one minute ago")
            old = [id for id in self._order if self.tickets[id]["updated_at"] < since]
            place = len(old)
        shown = [self.tickets[id] for id in self._order[place : place + self.page]]
        people = {one["requester_id"] for one in shown} if asked.get("include") == "users" else set()
        return {
            "tickets": [_wire(one) for one in shown],
            "users": [self.users[id] for id in sorted(people) if id in self.users],
            "after_cursor": f"c{place + len(shown)}",
            "end_of_stream": place + len(shown) >= len(self._order),
        }


def _wire(ticket: Record) -> Record:
    return {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for name, value in ticket.items()
    }
