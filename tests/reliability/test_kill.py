"""Kill -9 at any moment: what was acknowledged is there, once; what was not can be sent again without harm."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from backend.client import ApiError, Client, Offline
from backend.identity.schemas import SignUp
from backend.incidences.schemas import IncidenceOpen, NoteAdd
from tests.support.server import Server

WRITERS = 20


def case_for(order: str) -> IncidenceOpen:
    return IncidenceOpen(
        user_id=f"user-{order}", stage="POST_ORDER", channel="CALL", trigger="USER_INITIATED", order_id=order
    )


class Writer:
    """Opens cases and notes on them until the server is gone, and remembers what it was promised."""

    def __init__(self, client: Client, name: int) -> None:
        self.client, self.name = client, name
        self.cases: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        self.unanswered: str | None = None

    async def write(self) -> None:
        number = 0
        try:
            while True:
                number += 1
                self.unanswered = order = f"{self.name}-{number}"
                opened = await self.client.incidences.open(case_for(order), idempotency_key=order)
                self.cases[order], self.unanswered = opened.incidence_id, None
                posted = await self.client.agent.note(opened.incidence_id, NoteAdd(text=f"note {order}"))
                self.notes[order] = posted.id
        except Offline:
            return


async def every_case(client: Client) -> dict[str, list[str]]:
    """All incidences by order id."""
    found: dict[str, list[str]] = {}
    cursor = None
    while True:
        page = await client.incidences.list(sort="created", limit=200, cursor=cursor)
        for case in page.items:
            found.setdefault(case.order_id or "", []).append(case.incidence_id)
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.timeout(180)
async def test_every_acknowledged_write_survives(database_url: str, tmp_path: Path) -> None:
    server = Server(database_url, tmp_path / "server").start()
    clients = [Client(server.url) for _ in range(WRITERS)]
    try:
        owner = clients[0]
        await owner.identity.sign_up(SignUp(email="o@example.com", password="correct horse", name="O"))
        for client in clients[1:]:
            client.transport.access_token = owner.transport.access_token
        writers = [Writer(client, name) for name, client in enumerate(clients)]
        writing = asyncio.gather(*(writer.write() for writer in writers))
        async with asyncio.timeout(60):
            while sum(len(writer.cases) for writer in writers) < 3 * WRITERS:  # noqa: ASYNC110 - another process works
                await asyncio.sleep(0.02)
        server.kill()
        await writing
        promised = {order: id for writer in writers for order, id in writer.cases.items()}
        assert len(promised) > WRITERS
        server.start()

        found = await every_case(owner)
        for order, id in promised.items():
            assert found[order] == [id]
        for order in [order for writer in writers for order in writer.notes]:
            entries = (await owner.incidences.timeline(promised[order])).items
            assert [entry.data and entry.data["text"] for entry in entries[1:]] == [f"note {order}"]

        # What got no answer is sent again under its key: it was done or not, but it is done once.
        for writer in writers:
            if writer.unanswered:
                await writer.client.incidences.open(case_for(writer.unanswered), idempotency_key=writer.unanswered)
        counts = Counter({order: len(ids) for order, ids in (await every_case(owner)).items()})
        assert set(counts.values()) == {1}
        assert (await owner.audit.verify())["isWhole"] is True
    finally:
        server.kill()
        for client in clients:
            await client.transport.close()


async def test_a_sign_in_and_its_cursor_survive_a_restart(database_url: str, tmp_path: Path) -> None:
    """The token still holds, and the feed goes on where it was: nothing missed, nothing twice."""
    server = Server(database_url, tmp_path / "server").start()
    try:
        async with Client(server.url) as owner:
            await owner.identity.sign_up(SignUp(email="o@example.com", password="correct horse", name="O"))
            seqs: list[int] = []
            async with owner.live.connect(after=0) as line:
                await owner.incidences.open(case_for("a"))
                async for frame in line:
                    if frame["kind"] == "event":
                        seqs.append(frame["seq"])
                        if frame["type"] == "incidence.opened":
                            break
            server.kill()
            with pytest.raises((Offline, ApiError)):
                await owner.incidences.open(case_for("b"))
            server.start()
            await owner.incidences.open(case_for("b"))
            async with owner.live.connect(after=seqs[-1]) as line:
                async for frame in line:
                    if frame["kind"] == "event":
                        seqs.append(frame["seq"])
                        if frame["type"] == "incidence.opened":
                            break
            assert seqs == list(range(1, len(seqs) + 1))
    finally:
        server.kill()
