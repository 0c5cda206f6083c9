"""The world that the copilot is asked about."""

import pytest_asyncio

from tests.copilot.world import World
from tests.support.backend import Backend


@pytest_asyncio.fixture
async def world(backend: Backend) -> World:
    return await World.build(backend)
