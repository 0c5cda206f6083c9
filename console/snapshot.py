"""Start-up and resync, the same path: read everything page by page, then follow from the oldest page."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from console.store import Store

if TYPE_CHECKING:
    from backend.client import Client

Row = dict[str, Any]
PAGE = 200
CLOSED_AT_MOST = 1_000
"""Closed incidences that are mirrored, the last changed first; older ones are looked up on the server."""


RULES = ("escalation",)
"""Rule sets that screens follow."""


async def load(api: "Client", store: Store, business_id: str) -> None:
    """Fill the mirror with a fresh snapshot. ApiError and Offline as the client raises them; the mirror is then as before.

    Pages are read one after the other while work goes on, so each may be newer than the one before. Following from the
    smallest `asOf` of them replays whatever lies between; a replayed state older than the row's version is left out.
    """
    fresh: dict[str, Row] = {}
    seqs: list[int] = []
    beside: asyncio.Task[dict[str, Any]] | None = None
    try:
        for query, at_most in (({"view": "all"}, None), ({"view": "closed", "sort": "updated"}, CLOSED_AT_MOST)):
            async for page in _pages(api, "/incidences", query, at_most):
                seqs.append(page["asOf"])
                for row in page["items"]:
                    known = fresh.get(row["incidenceId"])
                    if known is None or known["version"] <= row["version"]:
                        fresh[row["incidenceId"]] = row
                if not store.is_loaded:  # the first time, show each page as it comes
                    for row in page["items"]:
                        store.upsert("incidence", row["incidenceId"], row)
                if beside is None:  # not sooner: what it reads has to be as new as the place that is followed from
                    beside = asyncio.get_running_loop().create_task(_beside(api, store, business_id))
        assert beside is not None, "a list has a page"
        tables = await beside
    finally:
        if beside is not None:
            beside.cancel()
    store.install(tables | {"incidence": fresh}, min(seqs))


async def _beside(api: "Client", store: Store, business_id: str) -> dict[str, Any]:
    """The tables that are not of incidences."""
    call = api.transport.call
    people, business, *rules = await asyncio.gather(
        call("GET", "/api/businesses/{business_id}/members", business_id=business_id),
        call("GET", "/api/businesses/{business_id}", business_id=business_id),
        *(call("GET", "/api/rules/{kind}", kind=kind) for kind in RULES),
    )
    asked: list[Row] = []
    me = next((row for row in people["items"] if row["id"] == store.member_id), None)
    if me is not None and me["role"] != "agent":  # agents hear of what is asked for as it happens
        async for page in _pages(api, "/approvals", {"status": "PENDING"}, None):
            asked += page["items"]
    return {
        "approval": {row["approvalId"]: row for row in asked},
        "member": {row["id"]: row for row in people["items"]},
        "business": {business["id"]: business},
        "rules": dict(zip(RULES, rules, strict=True)),
    }


async def _pages(api: "Client", path: str, query: Row, at_most: int | None) -> AsyncIterator[Row]:
    cursor, seen = None, 0
    while True:
        page: Row = await api.transport.call("GET", path, limit=PAGE, cursor=cursor, **query)
        yield page
        seen += len(page["items"])
        cursor = page["nextCursor"]
        if cursor is None or (at_most is not None and seen >= at_most):
            return
