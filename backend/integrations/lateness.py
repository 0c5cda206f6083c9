"""What comes late is put in its place: the case ends as it would have if everything had come in order."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from backend.core.clock import instant
from backend.incidences import conversations
from backend.integrations import repository
from backend.integrations.facts import AgentMessage, CustomerMessage, Reopened, Resolved
from backend.work import Work


class Course(NamedTuple):
    """How a conversation stands after what was told of it."""

    status: str
    reopened: int


def named(fact: CustomerMessage | AgentMessage | Resolved | Reopened, at: datetime) -> tuple[str, str]:
    """(kind, id) under which a fact is told once. A change of status has no id of its own but its instant."""
    match fact:
        case CustomerMessage():
            return "customer", fact.message_id
        case AgentMessage():
            return "agent", fact.message_id
        case Resolved():
            return "resolved", f"resolved@{instant(at)}"
    return "reopened", f"reopened@{instant(at)}"


def course(kinds: Iterable[str]) -> Course:
    """What the kinds of facts, in order, make of a case that nobody else touches."""
    status, reopened = "OPEN", 0
    for kind in kinds:
        match kind:
            case "customer" | "reopened" if status == "CLOSED":
                status, reopened = "OPEN", reopened + 1
            case "customer":
                status = "OPEN"
            case "agent" if status == "OPEN":
                status = "WAITING"
            case "resolved":
                status = "CLOSED"
    return Course(status, reopened)


@contextmanager
def in_its_place(work: Work, platform: str, conversation_id: str, id: str, at: datetime) -> Iterator[None]:
    """Around telling the fact `id`, which is on record already. When newer ones were told before it, then what the
    telling made of the case is mended to what it would have been, unless somebody here has changed its status since.
    """
    place = (work.session, work.business_id, platform, conversation_id)
    row = conversations.incidence_for(work, platform, conversation_id) if repository.has_newer(*place, at) else None
    if row is None:
        yield
        return
    told = repository.told_of(*place)
    before = course(kind for _, kind, other in told if other != id)
    after = course(kind for _, kind, _ in told)
    status, reopened = row.status, row.reopen_count
    yield
    if status == before.status:
        wanted = reopened + after.reopened - before.reopened
        conversations.conform(work, row, platform=platform, status=after.status, reopen_count=wanted)


def is_known_resolved(work: Work, platform: str, conversation_id: str) -> bool:
    """Whether, by all that we were told and did there, the conversation is resolved on the platform."""
    place = (work.session, work.business_id, platform, conversation_id)
    told = [(at, kind) for at, kind, _ in repository.told_of(*place)]
    own = ((repository.mark_of(*place, f"own-{kind}"), kind) for kind in ("resolved", "reopened"))
    told += [(at, kind) for at, kind in own if at is not None]
    return course(kind for _, kind in sorted(told)).status == "CLOSED"
