"""Waiting for what has no event to wait on."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from textual.app import ScreenStackError
from textual.pilot import Pilot

settle_seconds = 0.0
"""How long to go on once it is so. A console's test needs a paint: what it asserts next is of the same news, and a part of
the screen may not show it yet."""
_watched: list[Pilot[Any]] = []


@contextlib.contextmanager
def watching(pilot: Pilot[Any]) -> Iterator[None]:
    """Within, what is waited for is followed by a paint of this app, however slow the machine is."""
    _watched.append(pilot)
    try:
        yield
    finally:
        _watched.remove(pilot)


async def until(is_so: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until it is so; TimeoutError when it is not within ``seconds``."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - what is waited for has no event to wait on
            await asyncio.sleep(0.01)
    await asyncio.sleep(settle_seconds)
    for pilot in _watched:
        with contextlib.suppress(ScreenStackError):  # it has ended
            await pilot.pause()
