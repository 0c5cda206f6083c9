"""Waiting for what has no event to wait on."""

import asyncio
from collections.abc import Callable
from typing import Any

settle_seconds = 0.0
"""How long to go on once it is so. A console's test needs a paint: what it asserts next is of the same news, and a part of
the screen may not show it yet."""


async def until(is_so: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until it is so; TimeoutError when it is not within ``seconds``."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - what is waited for has no event to wait on
            await asyncio.sleep(0.01)
    await asyncio.sleep(settle_seconds)
