"""When nobody has touched the keys for so long that the screen should be locked."""

from collections.abc import Callable
from time import monotonic


class Idle:
    """Seconds without a hand. `clock` exists for tests."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._touched = clock()

    def touch(self) -> None:
        """A key, or the mouse."""
        self._touched = self._clock()

    def is_over(self, minutes: int) -> bool:
        """Whether nobody was there for that many minutes; 0 minutes is never."""
        return minutes > 0 and self._clock() - self._touched >= minutes * 60
