"""Taking what happens to a case outside: whoever speaks with a chat platform says here that it carries."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select

from backend.core.rows import table_of
from backend.events.event import Event
from backend.incidences.models import Conversation, Incidence
from backend.work import Work

FROM_OUTSIDE = "webhook"
"""The kind of actor whose doings a platform told us of, so that they are not told back."""


class Tie(NamedTuple):
    """A conversation that a case is tied to."""

    platform: str
    conversation_id: str


Carrier = Callable[[Work, Incidence, type[Event], Sequence[Tie]], None]
"""Gets a case right after an event about it (its `last_seq`), and the conversations it is tied to: at least one."""
CARRIERS: list[Carrier] = []

_TIES = table_of(Conversation).c
_TIED = (
    select(_TIES.platform, _TIES.conversation_id)
    .where(_TIES.business_id == bindparam("business"), _TIES.incidence_id == bindparam("incidence"))
    .order_by(_TIES.platform, _TIES.conversation_id)
)


Holder = Callable[[Work, Incidence], str | None]
"""Says why a case must stay as it is for now: something of it is on its way outside. None when nothing is."""
HOLDERS: list[Holder] = []


def also_holds(holder: Holder) -> Holder:
    """Ask `holder` before conversations are moved from case to case."""
    HOLDERS.append(holder)
    return holder


def held(work: Work, row: Incidence) -> str | None:
    """Why nobody may move the conversations of a case now, in words; None when one may."""
    return next((why for holder in HOLDERS if (why := holder(work, row))), None)


def also_carries(carrier: Carrier) -> Carrier:
    """Run `carrier` in the transaction of every event about a case that a conversation is tied to."""
    CARRIERS.append(carrier)
    return carrier


def ties_of(work: Work, row: Incidence) -> list[Tie]:
    """The conversations of a case. Nothing is asked of the database for one that never had any."""
    if row.platform is None:
        return []
    asked = {"business": work.business_id, "incidence": row.id}
    return [Tie(*found) for found in work.session.connection().execute(_TIED, asked)]


def carry(work: Work, row: Incidence, event: type[Event]) -> None:
    """Hand on what just happened, unless it was a platform that told it."""
    if row.platform is not None and work.actor.kind != FROM_OUTSIDE:
        begin(work, row, event)


def begin(work: Work, row: Incidence, event: type[Event]) -> None:
    """Hand on what just happened, whoever told it: that a conversation began."""
    if ties := ties_of(work, row):
        for carrier in CARRIERS:
            carrier(work, row, event, ties)
