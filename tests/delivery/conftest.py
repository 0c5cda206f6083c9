"""A business with somewhere to send letters to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from backend.client import Client
from backend.delivery import service
from backend.delivery.models import Letter
from backend.delivery.schemas import ChannelAdd, ChannelRead
from backend.demo.outside.mailbox import Mailbox
from backend.demo.outside.pigeonhole import SLACK_PATH, TEAMS_PATH, Pigeonhole
from backend.demo.outside.serve import served
from backend.unit import Units
from tests.support.backend import Backend

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Post:
    """A business with a mail server, a Slack and a Teams webhook around it."""

    backend: Backend
    owner: Client
    units: Units
    mail: Mailbox
    chat: Pigeonhole
    smtp: str
    web: str

    async def add(self, kind: str, name: str = "", address: str = "") -> ChannelRead:
        addresses = {
            "EMAIL": f"{self.smtp}?from=desk@example.com&to=team@example.com",
            "SLACK": self.web + SLACK_PATH,
            "TEAMS": f"{self.web}{TEAMS_PATH}?api-version=1&sig=abc",
        }
        body = {"kind": kind, "name": name or kind.lower(), "address": address or addresses[kind]}
        return await self.owner.delivery.add(ChannelAdd.model_validate(body))

    async def write(self, to: str = "asha@example.com", cause: str = "c-1", **more: Any) -> str:
        words = {"subject": "Hello", "text": "What you should know."} | more
        return await self.units.write(service.post, to=to, cause=cause, **words)

    async def settled(self, id: str) -> Letter:
        await self.backend.drain()
        return await self.units.read(lambda work: work.get(Letter, id))

    async def later(self, **more: float) -> None:
        self.backend.clock.advance(**more)
        await self.backend.drain()


@pytest_asyncio.fixture
async def post(backend: Backend) -> AsyncIterator[Post]:
    mail, chat = Mailbox(), Pigeonhole()
    async with mail.served() as smtp, served(chat) as web:
        owner = await backend.owner()
        yield Post(backend, owner, await backend.units(), mail, chat, smtp, web)
