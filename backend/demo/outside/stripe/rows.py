"""The objects of one kind in one account, in the order of their creation, and pages of them."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from typing import Any

Body = dict[str, Any]
Place = tuple[int, int, str]
"""Created (Unix seconds), a number that grows, and the id: what the order is by."""


class Rows:
    """What was created, by id. What is made in bulk is a recipe until somebody asks for it to change it."""

    def __init__(self, *indexed: str) -> None:
        """`indexed`: keys that lists are narrowed by."""
        self._rows: dict[str, tuple[Place, Body | Callable[[], Body]]] = {}
        self._order: list[Place] = []
        self._index: dict[str, dict[str, list[Place]]] = {key: {} for key in indexed}
        self._number = 0

    @property
    def indexed(self) -> set[str]:
        """The keys that lists are narrowed by."""
        return set(self._index)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, id: str) -> bool:
        return id in self._rows

    def __iter__(self) -> Iterator[Body]:
        """All, the oldest first."""
        return (self.peek(place[2]) for place in list(self._order))

    def add(self, body: Body) -> Body:
        """Keep it."""
        self.add_recipe(body["id"], body["created"], body, **{key: body.get(key) for key in self._index})
        return body

    def add_recipe(self, id: str, created: int, recipe: Body | Callable[[], Body], **indexed: str | None) -> None:
        """Keep what makes it; with what it is indexed by."""
        self._number += 1
        place = (created, self._number, id)
        self._rows[id] = (place, recipe)
        insort(self._order, place)
        self._put(place, indexed)

    def index(self, body: Body) -> None:
        """Find it by its indexed keys as they are now, too."""
        self._put(self._rows[body["id"]][0], {key: body.get(key) for key in self._index})

    def _put(self, place: Place, indexed: dict[str, str | None]) -> None:
        for key, value in indexed.items():
            if isinstance(value, str):
                places = self._index[key].setdefault(value, [])
                at = bisect_left(places, place)
                if at == len(places) or places[at] != place:
                    places.insert(at, place)

    def get(self, id: str) -> Body | None:
        """The kept object, to be changed."""
        found = self._rows.get(id)
        if found is None:
            return None
        place, body = found
        if callable(body):
            body = body()
            self._rows[id] = (place, body)
        return body

    def peek(self, id: str) -> Body:
        """The object to be read."""
        body = self._rows[id][1]
        return body() if callable(body) else body

    def tag(self, id: str, key: str, value: str) -> None:
        """Find an object by an indexed key that is not in its body."""
        self._put(self._rows[id][0], {key: value})

    def ids(self, key: str, value: str) -> set[str]:
        """The ids of those with this value of an indexed key."""
        return {place[2] for place in self._index[key].get(value, [])}

    def remove(self, id: str) -> None:
        place, _ = self._rows.pop(id)
        for order in (self._order, *(by for index in self._index.values() for by in index.values())):
            at = bisect_left(order, place)
            if at < len(order) and order[at] == place:
                del order[at]

    def of(self, key: str, value: str) -> list[Body]:
        """Those with this value of an indexed key, the oldest first, to be changed."""
        found = (self.get(place[2]) for place in list(self._index[key].get(value, [])))
        return [body for body in found if body is not None]

    def page(
        self,
        *,
        limit: int,
        after: str | None = None,
        before: str | None = None,
        since: int | None = None,
        until: int | None = None,
        narrow: dict[str, str] | None = None,
        where: Callable[[Body], bool] = lambda body: True,
    ) -> tuple[list[Body], bool]:
        """Up to `limit`, the newest first, and whether there are more.

        `after`, `before`: ids as Stripe's `starting_after` and `ending_before`. `since` <= created < `until`.
        A KeyError when the id is unknown.
        """
        order = self._order
        for key, value in (narrow or {}).items():
            found = self._index[key].get(value, [])
            order = found if len(found) < len(order) else order
        low = 0 if since is None else bisect_left(order, (since, 0, ""))
        high = len(order) if until is None else bisect_left(order, (until, 0, ""))
        if before is not None:
            at = max(low, bisect_left(order, self._rows[before][0]) + 1)
            taken = self._taken((order[i] for i in range(at, high)), limit, where)
            return taken[:limit][::-1], len(taken) > limit
        if after is not None:
            high = min(high, bisect_left(order, self._rows[after][0]))
        taken = self._taken((order[i] for i in range(high - 1, low - 1, -1)), limit, where)
        return taken[:limit], len(taken) > limit

    def _taken(self, places: Iterator[Place], limit: int, where: Callable[[Body], bool]) -> list[Body]:
        taken: list[Body] = []
        for _, _, id in places:
            body = self.peek(id)
            if where(body):
                taken.append(body)
                if len(taken) > limit:
                    break
        return taken
