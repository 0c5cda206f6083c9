"""The next case that is best for an agent."""

from typing import Any

from sqlalchemy import bindparam, select

from backend.agent.ranking import Candidate, ranked
from backend.agent.schemas import NextAsk
from backend.core.errors import Conflict
from backend.identity import availability
from backend.incidences import events, owners
from backend.incidences.models import Incidence
from backend.incidences.service import State, record, require_staff
from backend.rules import service as rules
from backend.work import Work

NOTHING = "Nothing waits for an agent."
_ROUNDS = 2
"""How often a list of candidates of whom others took every one is made anew."""
_FREE = (
    select(Incidence)
    .where(
        Incidence.business_id == bindparam("business"),
        Incidence.id == bindparam("id"),
        Incidence.agent_id.is_(None),
        Incidence.status == "OPEN",
    )
    .with_for_update(skip_locked=True, key_share=True)
    .execution_options(names_business=True)
)


def claim_next(work: Work, body: NextAsk) -> State:
    """Claim the case that is best for the caller, and say why it is; none when nothing waits.

    Counting what the caller has, the choice and the claim are one transaction: nobody gets a case that another has, nor
    more than they can have. Conflict at capacity, unless `force` says to go beyond, which is then on record.
    """
    me = require_staff(work)
    compiled = rules.current(work, owners.KIND)
    member = availability.locked(work, me)
    load, capacity = owners.load_of(work, me), owners.capacity_of(compiled, member)
    if load >= capacity and not body.force:
        raise Conflict(
            f"You have {load} of {capacity} open cases. Finish one first, or take one more all the same.",
            code="AT_CAPACITY",
            load=load,
            capacity=capacity,
        )
    for _ in range(_ROUNDS):
        candidates = ranked(work, member, compiled)
        for best in candidates:
            if (row := free(work, best.id)) is not None:
                return _claim(work, row, best, me, load + 1, capacity)
        if not candidates:
            break
    return {"incidence": None, "reasons": [NOTHING], "load": load, "capacity": capacity}


def free(work: Work, incidence_id: str) -> Incidence | None:
    """The case, kept for this unit, if nobody has it or is about to: whoever loses a race goes on to the next one."""
    asked = {"business": work.business_id, "id": incidence_id}
    return work.session.scalars(_FREE, asked).first()


def _claim(work: Work, row: Incidence, best: Candidate, me: str, load: int, capacity: int) -> State:
    row.agent_id = me
    reasons = [*best.reasons, f"you are at {load} of {capacity}"]
    said: dict[str, Any] = {"agentId": [None, me], "reasons": reasons, "points": best.points}
    if load > capacity:
        said["overCapacity"] = {"load": load, "capacity": capacity}
    state = record(work, row, events.IncidenceTaken, said)
    return {"incidence": state, "reasons": reasons, "load": load, "capacity": capacity}
