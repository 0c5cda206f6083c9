"""A platform's double on a real port, connected to the backend by its API, whose webhooks are posted on request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from backend.demo.outside.chatwoot import ChatwootDouble
from backend.demo.outside.chatwoot_rest import ChatwootRest
from backend.demo.outside.freshchat_rest import FreshchatRest
from backend.demo.outside.intercom import IntercomDouble
from backend.demo.outside.intercom_rest import IntercomRest
from backend.demo.outside.serve import served
from backend.demo.outside.talks import RestDouble, Talk
from backend.incidences.models import Incidence
from backend.incidences.schemas import MessageSend
from backend.integrations.models import OutgoingCall
from backend.integrations.schemas import IntegrationAdd, IntegrationRead
from tests.integrations.conftest import Chat


class Line:
    """One platform, from both of its sides, and conversation 1 in it."""

    def __init__(self, chat: Chat, platform: str, double: RestDouble) -> None:
        self.chat, self.platform, self.double = chat, platform, double
        self.backend = chat.backend
        self.integration: IntegrationRead

    @property
    def talk(self) -> Talk:
        return self.double.talks["1"]

    async def connect(self, url: str, secret: str, **more: Any) -> None:
        body = {"platform": self.platform, "token": self.double.token, "webhookSecret": secret, "baseUrl": url}
        body |= {"agentId": self.double.agent_id, "accountId": "1", **more}
        owner = await self.backend.owner()
        self.integration = await owner.integrations.add(IntegrationAdd.model_validate(body))

    async def post(self, times: int = 1) -> None:
        """Post what the double has to tell, and let the jobs work."""
        webhooks, self.double.told = self.double.told, []
        for webhook in webhooks:
            if isinstance(self.double, ChatwootRest):  # it signs the time of each try
                webhook = self.double.webhooks.signed(webhook[0], delivery=webhook[1]["X-Chatwoot-Delivery"])
            for _ in range(times):
                response = await self.chat.post(webhook, f"/webhooks/{self.platform}")
                assert response.status_code == 200, response.text
        await self.backend.drain()

    async def begin(self, text: str = "Is it vegan?") -> Incidence:
        """The customer writes; the case."""
        self.double.customer_says("1", text)
        await self.post()
        return await self.case()

    async def case(self) -> Incidence:
        found = await self.chat.incidence("1")
        assert found is not None
        return found

    async def send(self, text: str) -> int:
        """An agent answers in Holdfast; the seq of the message."""
        case = await self.case()
        body = MessageSend(text=text, last_seen_seq=case.last_seq)
        return (await (await self.backend.owner()).incidences.send(case.id, body)).seq

    async def calls(self, kind: str = "MESSAGE") -> list[OutgoingCall]:
        rows = await self.chat.rows(OutgoingCall)
        return sorted((row for row in rows if row.kind == kind), key=lambda row: row.seq)

    async def later(self, seconds: float) -> None:
        self.backend.clock.advance(seconds=seconds)
        await self.backend.drain()

    async def settle(self, *, is_told: bool = True) -> None:
        """Let time pass until nothing is open, the double's webhooks coming back on the way when `is_told`."""
        await self.backend.drain()
        for _ in range(40):
            if is_told:
                await self.post()
            if not any(row.state in ("QUEUED", "SENDING", "UNKNOWN") for row in await self.chat.rows(OutgoingCall)):
                return
            await self.later(61)
        raise AssertionError([(row.kind, row.state, row.error) for row in await self.chat.rows(OutgoingCall)])


@asynccontextmanager
async def connected(chat: Chat, platform: str, **more: Any) -> AsyncIterator[Line]:
    """See `Line`."""
    clock = chat.backend.clock
    doubles: dict[str, tuple[RestDouble, str]] = {}
    match platform:
        case "freshchat":
            doubles[platform] = FreshchatRest(clock, chat.freshchat), chat.freshchat.public_key
        case "intercom":
            intercom = IntercomDouble()
            doubles[platform] = IntercomRest(clock, intercom), intercom.client_secret
        case "chatwoot":
            chatwoot = ChatwootDouble(clock)
            doubles[platform] = ChatwootRest(clock, chatwoot), chatwoot.secret
    double, secret = doubles[platform]
    line = Line(chat, platform, double)
    async with served(double) as url:
        await line.connect(url, secret, **more)
        yield line
