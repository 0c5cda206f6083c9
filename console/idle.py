"""When nobody has touched the keys for so long that the screen should be locked."""

from collections.abc import Callable
from time import monotonic


class Idle:
    """Seconds without a hand. What is only watched, as a wall is, is never idle. `clock` exists for tests."""

    def __init__(self, clock: Callable[[], float] = monotonic, *, is_watched: bool = False) -> None:
        self._clock, self._is_watched = clock, is_watched
        self._touched = clock()

    def touch(self) -> None:
        """A key, or the mouse."""
        self._touched = self._clock()

    def is_over(self, minutes: int) -> bool:
        """Whether nobody was there for that many minutes; 0 minutes is never."""
        return not self._is_watched and minutes > 0 and self._clock() - self._touched >= minutes * 60
