"""What can be done to an incidence: one call each, made with the version that was on the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.desk import ages

if TYPE_CHECKING:
    from backend.client import Client
    from backend.client.incidences import Incidence

NOBODY = "none"


@dataclass(frozen=True, slots=True)
class Target:
    """An incidence as it was displayed: what a verb is done to."""

    id: str
    ref: str
    version: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Target:
        """The target that a displayed row is."""
        return cls(row["incidenceId"], row["ref"], row["version"])


@dataclass(frozen=True, slots=True)
class Verb:
    """`did` ends the sentence "INC-7 is …"; `act` does it to (id, version).

    `many` is the server's verb on many with its arguments, for those that it has.
    """

    did: str
    act: Callable[[Client, str, int], Awaitable[Incidence]]
    many: tuple[str, dict[str, Any]] | None = None


def take() -> Verb:
    """Claim it."""
    return Verb("yours", lambda api, id, version: api.incidences.take(id, version), ("take", {}))


def assign(member_id: str, name: str) -> Verb:
    """Give it to a member; NOBODY gives it back."""
    if member_id == NOBODY:
        return _change("nobody's again", "assign", agent_id=None)
    return _change(f"with {name} now", "assign", agent_id=member_id)


def set_status(status: str) -> Verb:
    """OPEN or WAITING."""
    return _change("waiting for the customer" if status == "WAITING" else "open", "status", status=status)


def set_priority(priority: int) -> Verb:
    """1 is first, 4 last."""
    return _change(f"P{priority}", "priority", priority=priority)


def snooze(until: datetime, now: datetime) -> Verb:
    """Put it away until an instant."""
    said = ages.local(until.isoformat(), now)
    return _change(f"snoozed until {said}", "snooze", status="SNOOZED", snoozed_until=until)


def solve(outcome: str, category: str = "") -> Verb:
    """Close it with an outcome, and a category when one is given."""
    extra = {"issue_category": category} if category else {}
    return _change(f"solved · {outcome.lower()}", "close", outcome=outcome, **extra)


def escalate(reason: str, note: str = "") -> Verb:
    """Hand it up; a note goes with it when one is given."""

    async def act(api: Client, id: str, version: int) -> Incidence:
        from backend.incidences.schemas import EscalationReason, EscalationTrigger

        why: EscalationReason = reason  # type: ignore[assignment]
        body = EscalationTrigger(incidence_id=id, reason=why, note=note or None, version=version)
        return (await api.escalations.trigger(body)).incidence

    return Verb("handed up", act)


def reopen() -> Verb:
    """Open a closed one again."""
    return _change("open again", "reopen", status="OPEN")


def labels_of(text: str) -> tuple[list[str], list[str]]:
    """(labels to put on, labels to take off) of `vip -old`. ValueError, in words, when one is none."""
    from backend.client.query import label_of

    add: list[str] = []
    remove: list[str] = []
    for word in text.split():
        (remove if word.startswith("-") else add).append(label_of(word.lstrip("-")))
    return add, remove


def label(add: Sequence[str], remove: Sequence[str]) -> Verb:
    """Put labels on it, take others off; others may be changed meanwhile, so no version is needed."""

    def act(api: Client, id: str, _: int) -> Awaitable[Incidence]:
        from backend.incidences.schemas import LabelsChange

        return api.incidences.label(id, LabelsChange(add=list(add), remove=list(remove)))

    signed = [*(f"#{name}" for name in add), *(f"-#{name}" for name in remove)]
    return Verb(f"labelled {' '.join(signed)}", act, ("label", {"add": list(add), "remove": list(remove)}))


def watch() -> Verb:
    """Hear of it."""
    return Verb("watched", lambda api, id, _: api.incidences.watch(id), ("watch", {}))


def unwatch() -> Verb:
    """Hear of it no more."""
    return Verb("watched no more", lambda api, id, _: api.incidences.unwatch(id), ("unwatch", {}))


_OF_MANY = {"snooze": ("snoozed_until",), "reopen": ()}
"""The fields that a verb on many takes of those that make it one, where it does not take all."""


def _change(did: str, many: str, **fields: Any) -> Verb:
    def act(api: Client, id: str, version: int) -> Awaitable[Incidence]:
        from backend.incidences.schemas import IncidenceChange

        return api.incidences.change(id, IncidenceChange(version=version, **fields))

    return Verb(did, act, (many, {name: fields[name] for name in _OF_MANY.get(many, fields)}))
