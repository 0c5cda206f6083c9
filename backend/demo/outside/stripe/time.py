"""The double's own time: a clock's present, and what falls due on the way there, each thing at its own second."""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

from backend.core.clock import Clock

DAY = 86_400
HOUR = 3_600


class Time:
    """Whole Unix seconds. What is due happens when somebody next looks: a request, `advance`, `catch_up`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._ahead = 0
        self._is_ago = False
        self._then: int | None = None
        self._due: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._numbers = count()

    def now(self) -> int:
        """The present; while something that was due happens, the second at which it was."""
        return self._then if self._then is not None else int(self.clock.now().timestamp()) + self._ahead

    def later(self, when: int, do: Callable[..., None], *given: Any) -> None:
        """Have `do(*given)` happen at `when`, now at the earliest. It must look itself whether it still matters."""
        heapq.heappush(self._due, (max(when, self.now()), next(self._numbers), do, given))

    @contextmanager
    def ago(self, *, days: float) -> Iterator[None]:
        """Have the present be so many days ago meanwhile; afterwards, all that fell due since has happened.

        `advance` goes on from there, and leaves the clock alone.
        """
        was, self._is_ago = self._ahead, True
        self._ahead -= int(days * DAY)
        try:
            yield
        finally:
            self._ahead, self._is_ago = was, False
            self.catch_up()

    def advance(self, *, seconds: float = 0, **more: float) -> int:
        """Move the present forward (days, hours, minutes, seconds), let happen what is due, and return it.

        A clock that can be moved is moved; another runs on, and this time is ahead of it from now on.
        """
        span = timedelta(seconds=seconds, **more)
        move = None if self._is_ago else getattr(self.clock, "advance", None)
        if move is not None:
            move(seconds=span.total_seconds())
        else:
            self._ahead += int(span.total_seconds())
        self.catch_up()
        return self.now()

    def catch_up(self) -> None:
        """Let happen what is due, in order."""
        if self._then is not None:
            return
        now = self.now()
        try:
            while self._due and self._due[0][0] <= now:
                self._then, _, do, given = heapq.heappop(self._due)
                do(*given)
        finally:
            self._then = None
