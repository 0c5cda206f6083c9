"""What can be done to an escalation: made with the case's version that was on the screen, answered by the case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from console.incidences.verbs import Verb

if TYPE_CHECKING:
    from backend.client import Client
    from backend.client.incidences import Incidence
    from backend.incidences.schemas import EscalationRead

Row = Mapping[str, Any]


def acknowledge(row: Row) -> Verb:
    """Take it on; it climbs no further."""
    return _verb("taken on", lambda api, version: api.escalations.acknowledge(row["escalationId"], version=version))


def hand_back(row: Row, note: str) -> Verb:
    """Return it to who had it."""
    return _verb(
        "handed back", lambda api, version: api.escalations.hand_back(row["escalationId"], note or None, version)
    )


def settle(row: Row, note: str) -> Verb:
    """What it was handed up for is done with."""
    return _verb("settled", lambda api, version: api.escalations.resolve(row["escalationId"], note or None, version))


def take_over(row: Row, me: str) -> Verb:
    """Take it on, if nobody has, and make the case one's own."""

    async def act(api: Client, id: str, version: int) -> Incidence:
        from backend.incidences.schemas import IncidenceChange

        if row["escalation"]["status"] == "OPEN":
            version = (await api.escalations.acknowledge(row["escalationId"], version=version)).incidence.version
        if row["agentId"] is None:
            return await api.incidences.take(id, version)
        return await api.incidences.change(id, IncidenceChange(version=version, agent_id=me))

    return Verb("yours", act)


def _verb(did: str, call: Callable[[Client, int], Awaitable[EscalationRead]]) -> Verb:
    async def act(api: Client, _: str, version: int) -> Incidence:
        return (await call(api, version)).incidence

    return Verb(did, act)
