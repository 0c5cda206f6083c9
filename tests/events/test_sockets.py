"""/live over real sockets: what is written at once, and what waits for its turn, are one unbroken row for everybody."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from backend.client import Client
from backend.identity.schemas import KeyCreate, MemberAdd, SignUp
from backend.incidences.schemas import IncidenceOpen, NoteAdd
from tests.support.server import Server

MEMBER, PASSWORD = "ben@feast.co", "correct horse"
ROUNDS = 60


async def owner_of(server: Server) -> Client:
    owner = Client(server.url)
    await owner.identity.sign_up(SignUp(email="asha@feast.co", password=PASSWORD, name="Asha", business_name="Feast"))
    return owner


def line(server: Server, client: Client, **options: Any) -> connect:
    headers = {"authorization": f"Bearer {client.transport.access_token}"}
    return connect(
        f"ws://127.0.0.1:{server.port}/live", additional_headers=headers, proxy=None, close_timeout=0.1, **options
    )


async def heard(line: ClientConnection, until: int) -> list[dict[str, Any]]:
    """The events that come after the hello, up to that seq; heartbeats tell no more than what came."""
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(30):
        head = json.loads(await line.recv())["head"]
        while head < until:
            frame = json.loads(await line.recv())
            if frame["kind"] == "event":
                assert frame["seq"] == head + 1
                head = frame["seq"]
                events.append(frame)
            elif frame["kind"] == "heartbeat":
                assert frame["head"] == head
    return events


@pytest.mark.alike
async def test_everybody_gets_everything_once_and_in_order(database_url: str, tmp_path: Path) -> None:
    server = Server(database_url, tmp_path, heartbeat_seconds="0.05").start()
    owner, agent = await owner_of(server), Client(server.url)
    try:
        me = await owner.identity.me()
        member = MemberAdd(email=MEMBER, password=PASSWORD, name="Ben", role="agent")
        await owner.businesses.add_member(me.business.id, member)
        await agent.identity.sign_in(MEMBER, PASSWORD)
        opened = IncidenceOpen(user_id="CUST-1", stage="PRE_ORDER", channel="IN_APP_CHAT", trigger="USER_INITIATED")
        case = await owner.incidences.open(opened)
        narrow = socket.create_connection(("127.0.0.1", server.port))
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        async with (
            line(server, owner) as first,
            line(server, agent) as second,
            line(server, owner, sock=narrow, max_queue=1) as slow,
        ):

            async def write(number: int) -> None:
                await owner.agent.note(case.incidence_id, NoteAdd(text=f"{number} {'word ' * 1_500}"))
                if number % 20 == 0:
                    await owner.keys.create(KeyCreate(name=f"key {number}"))

            hearing = [asyncio.create_task(heard(one, case.last_seq + ROUNDS * 21 // 20)) for one in (first, second)]
            for turn in range(0, ROUNDS, 10):
                await asyncio.gather(*(write(turn + number) for number in range(10)))
            shown, some = await asyncio.gather(*hearing)
            late = await heard(slow, shown[-1]["seq"])
        assert late == shown
        assert [one["type"] for one in some] == [
            "withheld" if one["type"] == "key.created" else one["type"] for one in shown
        ]
        notes = {one["data"]["text"].partition(" ")[0] for one in shown if one["type"] == "incidence.note_added"}
        assert notes == {str(number) for number in range(ROUNDS)}
    finally:
        await owner.transport.close()
        await agent.transport.close()
        server.kill()
