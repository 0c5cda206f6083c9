"""Jobs that read the log of events by themselves, woken after each commit with news for those businesses that want them.

They keep their place in the log, so being woken once too often, or not at all, loses nothing: a schedule finds the rest.
"""

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from backend.work import Work

KNOWN_SECONDS = 5.0
"""How long a process believes what it read of who wants to be woken. Until then others are later, not left out."""


class Follower(NamedTuple):
    """A job, by name, and the ids of the businesses that it reads for."""

    job: str
    businesses: Callable[[Session], Collection[str]]


FOLLOWERS: list[Follower] = []
_known: "WeakKeyDictionary[Any, dict[str, tuple[float, frozenset[str]]]]" = WeakKeyDictionary()
"""By database, by job: until when it holds, and the businesses."""


def wake(work: "Work") -> None:
    """Something happened: want the job of each follower that this business has, unless it waits already."""
    for follower in FOLLOWERS:
        if work.business_id in _businesses(work.session, follower):
            work.enqueue(follower.job, key=f"follow:{follower.job}")


def forget(session: Session) -> None:
    """Who wants to be woken is about to change."""
    _known.pop(_engine(session), None)


def _engine(session: Session) -> Any:
    return (session.bind or session.get_bind()).engine


def _businesses(session: Session, follower: Follower) -> frozenset[str]:
    known, now = _known.setdefault(_engine(session), {}), time.monotonic()
    until, found = known.get(follower.job, (0.0, frozenset()))
    if now >= until:
        found = frozenset(follower.businesses(session))
        known[follower.job] = (now + KNOWN_SECONDS, found)
    return found
