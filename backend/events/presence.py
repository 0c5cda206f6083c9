"""Who is looking at or typing in which incidence, right now. Never stored; gone with the connection."""

from typing import Any, Literal

from backend.events.feed import Feed

Doing = Literal["viewing", "typing"]


class Presence:
    """Where the members connected to this process are."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._places: dict[str, dict[str, tuple[str, str, str, Doing]]] = {}

    def move(
        self, business_id: str, connection: str, member: tuple[str, str], incidence_id: str | None, doing: Doing
    ) -> None:
        """Say where a connection is now: `member` is (id, name); no incidence means nowhere."""
        places = self._places.setdefault(business_id, {})
        before = places.pop(connection, None)
        if incidence_id is not None:
            places[connection] = (incidence_id, *member, doing)
        if not places:
            del self._places[business_id]
        if places.get(connection) == before:
            return
        for id in dict.fromkeys((before[0] if before else None, incidence_id)):
            if id is not None:
                self.feed.broadcast(business_id, self.at(business_id, id))

    def at(self, business_id: str, incidence_id: str) -> dict[str, Any]:
        """The presence frame of one incidence."""
        members: dict[tuple[str, str], Doing] = {}
        for place, id, name, doing in self._places.get(business_id, {}).values():
            if place == incidence_id and members.get((id, name)) != "typing":  # on any of their screens
                members[id, name] = doing
        return {
            "kind": "presence",
            "incidenceId": incidence_id,
            "members": [{"id": id, "name": name, "doing": doing} for (id, name), doing in sorted(members.items())],
        }

    def all(self, business_id: str) -> list[dict[str, Any]]:
        """The presence frames of every incidence that somebody looks at."""
        places = {place for place, *_ in self._places.get(business_id, {}).values()}
        return [self.at(business_id, place) for place in sorted(places)]

    def online(self, business_id: str) -> set[str]:
        """Ids of members that look at something."""
        return {id for _, id, _, _ in self._places.get(business_id, {}).values()}
