"""Fair routing: what nobody has goes to whoever is there and has room, the least busy first, then in turn.

It is a loop over what needs an owner, not a step of opening: whatever happens to a case or a member, the loop finds it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from backend.agent.next import free
from backend.agent.ranking import ownerless, ownerless_after, speaks
from backend.customers.models import Customer
from backend.identity.models import Member, User
from backend.incidences import events, ladder, owners
from backend.incidences.models import Incidence
from backend.incidences.service import record
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work

PAGES = 10
"""Of the queue, at most, in one unit: of a thousand who wait for a language, nobody else need wait."""


class Turn(NamedTuple):
    """What one unit did. `at` is where the next one goes on, unless it `is_over`: nobody has room, or nothing waits."""

    given: int = 0
    at: Any = None
    is_over: bool = True


def assign(work: Work, after: Any = None) -> Turn:
    """Give what waits to those who are there and have room, from `after` on, the `at` of the unit before. Does nothing
    unless the rules say so.

    Everybody who could get one is kept from being given work by others until the end, so loads are what they seem.
    """
    compiled = rules.current(work, owners.KIND)
    if not compiled.settings["isAutomatic"]:
        return Turn()
    there = _there(work, compiled)
    if not there:
        return Turn()
    most = compiled.settings["candidates"]
    loads, escalation = owners.loads(work), rules.current(work, "escalation")
    rooms = {member.id: owners.capacity_of(compiled, member) for member in there}
    turn, given, at = max(member.turn for member in there), 0, after
    for looked_at, (waiting, place) in enumerate(_in_order(work, most, after)):
        if all(loads.get(id, 0) >= capacity for id, capacity in rooms.items()):
            return Turn(given)
        if given == most or looked_at > PAGES * most:
            return Turn(given, at, is_over=False)  # the rest is the next unit's, so that nobody waits for this one long
        at = place
        able = there
        if waiting.escalation_level:
            roles = ladder.takers(escalation, waiting.escalation_level)
            able = [member for member in there if member.role in roles]
        speakers = [member for member in able if speaks(member, waiting.language)]
        # Nobody else gets it while somebody is there who speaks it, even when they have no room at the moment.
        free_hands = [one for one in speakers or able if loads.get(one.id, 0) < rooms[one.id]]
        if not free_hands or (row := free(work, waiting.id)) is None:
            continue
        fairest = min(free_hands, key=lambda member: (loads.get(member.id, 0), member.turn, member.id))
        loads[fairest.id] = loads.get(fairest.id, 0) + 1
        turn += 1
        row.agent_id, fairest.turn = fairest.id, turn
        why = _why(fairest, loads[fairest.id], rooms[fairest.id], waiting.language, speakers)
        record(work, row, events.IncidenceAssigned, {"changes": {"agent_id": [None, fairest.id]}, "reason": why})
        given += 1
    return Turn(given)


def fairest(work: Work, row: Incidence) -> str | None:
    """Who should get one case now: the least busy of those who are there and have room, then in turn; whoever speaks
    the customer's language first. None when nobody has room. They are kept from being given others' until the end."""
    compiled = rules.current(work, owners.KIND)
    there, loads = _there(work, compiled), owners.loads(work)
    able = there
    if row.escalation_level:
        roles = ladder.takers(rules.current(work, "escalation"), row.escalation_level)
        able = [member for member in there if member.role in roles]
    language = work.session.get_one(Customer, row.customer_id).language
    speakers = [member for member in able if speaks(member, language)]
    room = [one for one in speakers or able if loads.get(one.id, 0) < owners.capacity_of(compiled, one)]
    if not room:
        return None
    found = min(room, key=lambda member: (loads.get(member.id, 0), member.turn, member.id))
    found.turn = max(member.turn for member in there) + 1
    return found.id


def _in_order(work: Work, most: int, after: Any) -> Iterator[tuple[Any, Any]]:
    """What waits, each with the place in the queue that is done with it: the first of the queue with the nearest
    deadlines, then the queue a page at a time, since those in front may wait for somebody who speaks their language
    and has no room. After a place, what follows it."""
    seen = set()
    if after is None:
        for row in ownerless(work, most):
            seen.add(row.id)
            yield row, None
    while page := ownerless_after(work, most, after):
        for row in page:
            after = row
            if row.id not in seen:
                yield row, row


def _there(work: Work, compiled: Compiled) -> list[Member]:
    """Members who may be given work without asking, locked in the order of their ids."""
    query = select(Member).where(
        Member.business_id == work.business_id,
        Member.availability == "ONLINE",
        Member.removed_at.is_(None),
        Member.role.in_(compiled.settings["automaticRoles"]),
    )
    query = query.order_by(Member.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    return [member for member in work.session.scalars(query) if member.availability == "ONLINE"]


def _why(member: Member, load: int, capacity: int, language: str | None, speakers: Sequence[Member]) -> str:
    said = f"fair routing: the least busy, now {load} of {capacity}"
    return f"{said}, speaks {language}" if member in speakers else said


def why_not(work: Work, exclude: str | None = None) -> str:
    """In words, why a case that nobody has stays where everybody sees it; empty when somebody is there to take it."""
    query = (
        select(User.name)
        .join(Member, Member.user_id == User.id)
        .where(Member.business_id == work.business_id, Member.availability == "ONLINE", Member.removed_at.is_(None))
    )
    if exclude is not None:
        query = query.where(Member.id != exclude)
    somebody: Any = work.session.execute(query.limit(1)).first()
    return "" if somebody else "nobody is online, so it waits in Unassigned"
