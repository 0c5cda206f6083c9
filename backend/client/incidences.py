"""Incidences, the channel router."""

from typing import Any

from backend.client.noun import Noun
from backend.core.wire import Page
from backend.incidences import link_schemas as l
from backend.incidences import schemas as s

Incidence = s.IncidenceRead
Entries = Page[s.TimelineEntry]


class Incidences(Noun):
    async def open(self, body: s.IncidenceOpen, *, idempotency_key: str | None = None) -> Incidence:
        return await self.transport.call("POST", "/incidences", Incidence, body, idempotency_key=idempotency_key)

    async def list(self, **query: Any) -> Page[Incidence]:
        """`view, status, assignee, q, sort, limit, cursor`."""
        return await self.transport.call("GET", "/incidences", Page[Incidence], **query)

    async def counts(self) -> dict[str, int]:
        """Per view, how many."""
        return dict(await self.transport.call("GET", "/incidences/counts"))

    async def show(self, id: str) -> Incidence:
        """By id or by ref (`INC-1042`)."""
        return await self.transport.call("GET", "/incidences/{incidence_id}", Incidence, incidence_id=id)

    async def why(self, id: str) -> dict[str, Any]:
        """Why it is where it is in the queue, as data and in sentences (`lines`)."""
        return dict(await self.transport.call("GET", "/incidences/{incidence_id}/why", incidence_id=id))

    async def change(self, id: str, body: s.IncidenceChange) -> Incidence:
        return await self.transport.call("PATCH", "/incidences/{incidence_id}", Incidence, body, incidence_id=id)

    async def take(self, id: str, version: int | None = None) -> Incidence:
        body = s.Take(version=version)
        return await self.transport.call("POST", "/incidences/{incidence_id}/take", Incidence, body, incidence_id=id)

    async def label(self, id: str, body: s.LabelsChange) -> Incidence:
        """Put labels on it and take others off."""
        return await self.transport.call("POST", "/incidences/{incidence_id}/labels", Incidence, body, incidence_id=id)

    async def labels(self) -> s.LabelCounts:
        """Those of cases that are not closed, the most used first."""
        return await self.transport.call("GET", "/incidences/labels", s.LabelCounts)

    async def merge(self, id: str, body: l.Merge) -> l.MergeRead:
        """Make it part of another."""
        path = "/incidences/{incidence_id}/merge"
        return await self.transport.call("POST", path, l.MergeRead, body, incidence_id=id)

    async def unmerge(self, id: str) -> l.MergeRead:
        """Make a merged one whole again."""
        return await self.transport.call("POST", "/incidences/{incidence_id}/unmerge", l.MergeRead, incidence_id=id)

    async def links(self, id: str) -> l.Links:
        return await self.transport.call("GET", "/incidences/{incidence_id}/links", l.Links, incidence_id=id)

    async def link(self, id: str, body: l.LinkMake) -> l.LinkRead:
        path = "/incidences/{incidence_id}/links"
        return await self.transport.call("POST", path, l.LinkRead, body, incidence_id=id)

    async def unlink(self, id: str, link_id: str) -> None:
        path = "/incidences/{incidence_id}/links/{link_id}"
        await self.transport.call("DELETE", path, incidence_id=id, link_id=link_id)

    async def watch(self, id: str) -> Incidence:
        return await self.transport.call("PUT", "/incidences/{incidence_id}/watch", Incidence, incidence_id=id)

    async def unwatch(self, id: str) -> Incidence:
        return await self.transport.call("DELETE", "/incidences/{incidence_id}/watch", Incidence, incidence_id=id)

    async def timeline(self, id: str, **query: Any) -> Entries:
        """`limit, cursor, before` (a seq); the newest page first, each page oldest entry first."""
        return await self.transport.call(
            "GET", "/incidences/{incidence_id}/timeline", Entries, incidence_id=id, **query
        )

    async def add_to_timeline(self, id: str, body: s.NoteAdd) -> s.Posted:
        return await self.transport.call("POST", "/incidences/{incidence_id}/timeline", s.Posted, body, incidence_id=id)

    async def messages(self, id: str, **query: Any) -> Entries:
        return await self.transport.call(
            "GET", "/incidences/{incidence_id}/messages", Entries, incidence_id=id, **query
        )

    async def send(self, id: str, body: s.MessageSend, *, idempotency_key: str | None = None) -> s.Posted:
        path = "/incidences/{incidence_id}/messages"
        return await self.transport.call("POST", path, s.Posted, body, incidence_id=id, idempotency_key=idempotency_key)

    async def of_user(self, user_id: str) -> Page[Incidence]:
        return await self.transport.call("GET", "/incidences/user/{user_id}", Page[Incidence], user_id=user_id)

    async def of_order(self, order_id: str) -> Page[Incidence]:
        return await self.transport.call("GET", "/incidences/order/{order_id}", Page[Incidence], order_id=order_id)


class Channels(Noun):
    async def route(self, body: s.RouteRequest) -> s.RouteVerdict:
        return await self.transport.call("POST", "/channel/route", s.RouteVerdict, body)

    async def escalate(self, body: s.ChannelEscalate) -> Incidence:
        return await self.transport.call("POST", "/channel/escalate", Incidence, body)

    async def rules(self) -> dict[str, Any]:
        return dict(await self.transport.call("GET", "/channel/rules"))

    async def set_rules(self, body: dict[str, Any]) -> dict[str, Any]:
        return dict(await self.transport.call("PUT", "/channel/rules", None, body))
