"""Where a re-list is: its stage, the page or day in it, and how far that is of the whole."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from math import ceil

from backend.billing.gateway import Gateway, Shown
from backend.jobs.registry import JobContext

DAY = 86_400
WIDEST = 32
"""Days that are asked for at once where there was nothing for a while."""


@dataclass(frozen=True)
class Place:
    """Where a re-list is. `look` was drawn when it began: what no later look has seen by the end is missing."""

    stage: str
    cursor: str | None
    look: int
    since: int
    """Stripe's second from which on invoices, disputes, charges, refunds and payouts are read."""
    began: float
    events_until: int | None
    """`created` of the newest event when it began."""
    done: int = 0
    """Objects that were read so far."""
    is_first: bool = False
    """Whether the account is read for the first time."""

    @property
    def days(self) -> int:
        """How many days there are to read, the one in which it began included."""
        return max(1, ceil(((self.events_until or self.began) - self.since) / DAY) + 1)


@dataclass(frozen=True)
class Window:
    """Some days of a stage, and the page in them. One day, and more at once where there was nothing before."""

    day: int = 0
    width: int = 1
    after: str | None = None

    @classmethod
    def of(cls, place: Place) -> "Window":
        """The window of a place's cursor."""
        if place.cursor is None or ":" not in place.cursor:
            return cls()
        day, *width, after = place.cursor.split(":", 2)  # one that was kept by an earlier release has no width
        return cls(int(day), int(width[0]) if width else 1, after or None)

    def __str__(self) -> str:
        return f"{self.day}:{self.width}:{self.after or ''}"


Step = Callable[[JobContext, Gateway, Place], Awaitable[Place]]
Keep = Callable[[JobContext, Gateway, Place, list[Shown], int], Awaitable[None]]


def after(place: Place, cursor: str | None, stage: str, done: int = 0) -> Place:
    """The next page, or when there is none, the next stage."""
    if cursor is None:
        return replace(place, stage=stage, cursor=None, done=place.done + done)
    return replace(place, cursor=cursor, done=place.done + done)


def next_window(place: Place, cursor: str | None, stage: str, found: int) -> Place:
    """The next page of a window, the next window, or the next stage."""
    window = Window.of(place)
    if cursor is not None:
        return after(place, str(Window(window.day, window.width, cursor)), stage, found)
    is_empty = found == 0 and window.after is None
    day = window.day + window.width
    following = Window(day, min(window.width * 2, WIDEST) if is_empty else 1)
    return after(place, str(following) if day < place.days else None, stage, found)


def anew(place: Place) -> Place:
    """What the page began after is gone: the window, or a stage without windows, begins anew."""
    if place.cursor is None or ":" not in place.cursor:
        return replace(place, cursor=None)
    window = Window.of(place)
    return replace(place, cursor=str(Window(window.day, window.width)))
