"""How fast the demo's customers live: a speed that can be changed, paused and stepped while they wait."""

import asyncio
import time

SLOWEST, FASTEST = 0.1, 100.0


class _Wait:
    """Somebody who waits: seconds left at speed 1."""

    __slots__ = ("is_over", "left")

    def __init__(self, seconds: float) -> None:
        self.left, self.is_over = seconds, False


class Pace:
    """All waiting of the driver goes through here."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed, self.is_paused = speed, False
        self._waits: list[_Wait] = []
        self._changed = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Let `seconds` of the customers' time pass."""
        wait = _Wait(seconds)
        self._waits.append(wait)
        try:
            while wait.left > 0 and not wait.is_over:
                changed, began, speed, was_paused = self._changed, time.monotonic(), self.speed, self.is_paused
                try:
                    async with asyncio.timeout(None if was_paused else wait.left / speed):
                        await changed.wait()
                except TimeoutError:
                    return
                if not was_paused:
                    wait.left -= (time.monotonic() - began) * speed
        finally:
            self._waits.remove(wait)

    def obey(self, line: str) -> str:
        """`speed 4`, `pause`, `resume` or `step` (whoever is next acts now); what holds from then on, in words."""
        match line.split():
            case ["pause"]:
                self.is_paused = True
            case ["resume"]:
                self.is_paused = False
            case ["step"]:
                self._step()
            case ["speed", number]:
                self._set_speed(number)
            case _:
                return f"unknown: {line.strip()[:60]!r}; there are speed N, pause, resume and step"
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        return f"{'paused' if self.is_paused else 'running'} at speed {self.speed:g}"

    def _set_speed(self, number: str) -> None:
        try:
            speed = float(number)
        except ValueError:
            return
        if speed > 0:
            self.speed = min(max(speed, SLOWEST), FASTEST)

    def _step(self) -> None:
        going = [wait for wait in self._waits if not wait.is_over]
        if going:
            min(going, key=lambda wait: wait.left).is_over = True
