"""Waiting for what has no event to wait on."""

import asyncio
from collections.abc import Callable
from typing import Any


async def until(is_so: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until it is so; TimeoutError when it is not within ``seconds``."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - what is waited for has no event to wait on
            await asyncio.sleep(0.01)
