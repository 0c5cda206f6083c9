"""The main job on real input: a customer struggles, the backend notices, an agent solves it; and a chat beside it."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from backend.client import Client
from backend.demo.outside.freshchat import FreshchatDouble
from backend.identity.schemas import KeyCreate, MemberAdd, SignUp
from console.app import ConsoleApp
from console.connection import Target
from tests.support.server import Server
from widgets.composer import Composer

BROWSER = Path(__file__).with_name("browser.py")
EMAIL, PASSWORD = "asha@feast.example", "correct horse"
CHAT_TEXT = "Hello, does the wedding platter come without onions?"


async def browse(url: str, key: str, user: str) -> list[dict[str, Any]]:
    """Run the customer's app to its end; its answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(BROWSER), url, key, user, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in told.splitlines()]


async def until(pilot: Pilot[None], what: str, is_so: Callable[[], Any], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what} did not come; the console noted {pilot.app.troubles}"  # type: ignore[attr-defined]
        await pilot.pause(0.05)


class Agent:
    """Works in the console by its keys."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot, self.app, self.presses = pilot, pilot.app, 0

    async def press(self, *keys: str) -> None:
        self.presses += len(keys)
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def case(self, ref: str) -> dict[str, Any]:
        return self.app.store.find(ref) or {}  # type: ignore[attr-defined]

    async def solve(self, ref: str, answer: str) -> None:
        """Find it by its ref, open, take, answer, solve."""
        await self.press("slash")
        await self.pilot.press(*f"#{ref}".replace("#INC-", "#"))
        await self.press("enter", "enter")
        await until(self.pilot, "the workspace", lambda: getattr(self.app.screen, "case", None) is not None)
        assert self.app.screen.incidence_id == self.case(ref)["incidenceId"]  # type: ignore[attr-defined]
        await self.press("t")
        await until(self.pilot, "the claim", lambda: self.case(ref)["agentId"] == self.app.store.member_id)  # type: ignore[attr-defined]
        await self.press("r")
        await until(self.pilot, "the composer", lambda: isinstance(self.app.focused, Composer))
        await self.pilot.press(*(key if key != " " else "space" for key in answer))
        await self.press("ctrl+j")
        await until(self.pilot, "the reply", lambda: (self.case(ref)["lastMessage"] or {}).get("by") == "agent")
        await self.press("x", "enter")
        await until(self.pilot, "the outcome", lambda: self.case(ref)["status"] == "CLOSED")
        await self.press("escape")
        await until(self.pilot, "the queue", lambda: not hasattr(self.app.screen, "incidence_id"))


@pytest.mark.timeout(180)
async def test_the_main_job(empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_HOME", str(tmp_path / "console"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    chat = FreshchatDouble()
    server = Server(empty_database_url, tmp_path / "server", freshchat_public_key=chat.public_key).start()
    try:
        async with Client(server.url) as owner:
            await owner.identity.sign_up(SignUp(email="o@feast.example", password=PASSWORD, name="Owner"))
            business = (await owner.identity.me()).business
            await owner.businesses.add_member(
                business.id, MemberAdd(email=EMAIL, name="Asha", role="agent", password=PASSWORD)
            )
            key = (await owner.keys.create(KeyCreate(name="web"))).key
            app = ConsoleApp(Target(server.url, email=EMAIL, password=PASSWORD))
            async with app.run_test(size=(140, 45)) as pilot:
                agent = Agent(pilot)
                await until(pilot, "the queue", lambda: app.store.is_loaded)
                await agent.press("2")

                # A customer struggles in the app, and is offered help once.
                answers = await browse(server.url, key, "anita")
                scores = [answer["frictionScore"] for answer in answers]
                # 10 first time and 15 for the cart's value; 20 from the sixth price check; 25 and 30 at the last of each
                assert scores == [25] * 5 + [45] * 5 + [70, 100]
                prompts = [answer["prompt"]["cause"] for answer in answers if answer.get("prompt")]
                assert prompts == ["price_calculator", "back_loops", "checkout_inactivity"]
                assert answers[-1]["triggered"] is True

                # The case appears in the console by itself, routed by the value of the cart.
                await until(pilot, "the case", lambda: app.store.in_view("unassigned"))
                (row,) = app.store.in_view("unassigned")
                assert row["trigger"] == "SYSTEM_INITIATED"
                assert (row["orderValue"], row["allowedChannels"]) == (31_000, ["CHAT", "CALL"])
                assert row["frictionScore"] > 50
                before = datetime.now(UTC)
                await agent.solve(row["ref"], "Happy to help")

                # A chat comes in, signed; sent twice, it opens one case.
                at = datetime.now(UTC)
                body, headers = chat.message_create("conv-1", CHAT_TEXT, user_id="fc-7", at=at, message_id="m-1")
                first = await owner.webhooks.freshchat(body, headers)
                again = await owner.webhooks.freshchat(body, headers)
                assert (first["accepted"], first["duplicate"]) == (True, False)
                assert (again["accepted"], again["duplicate"]) == (False, True)
                await until(pilot, "the chat", lambda: app.store.in_view("unassigned"))
                (chatted,) = app.store.in_view("unassigned")
                assert chatted["platform"] == "freshchat"
                assert chatted["lastMessage"]["text"] == CHAT_TEXT
                await agent.solve(chatted["ref"], "Yes, just ask")
                assert app.troubles == []

            # What is on record.
            solved = await owner.incidences.show(row["ref"])
            assert (solved.status, solved.outcome, solved.agent_name) == ("CLOSED", "RESOLVED", "Asha")
            assert solved.resolved_at is not None
            assert solved.resolved_at >= before
            assert solved.time_to_resolve == round((solved.resolved_at - solved.created_at).total_seconds())
            story = [
                entry.type.removeprefix("incidence.") for entry in (await owner.incidences.timeline(row["ref"])).items
            ]
            assert story[0] == "opened"
            # Help that is offered while the case is open already is on its timeline too; which comes first is open.
            of_agent = [one for one in story if one not in ("opened", "friction_noticed", "notification.offered")]
            assert of_agent == ["taken", "message_sent", "closed"]
            said = (await owner.incidences.messages(chatted["ref"])).items
            assert [entry.data and entry.data["text"] for entry in said] == [CHAT_TEXT, "Yes, just ask"]
            verdict = await owner.audit.verify()
            assert verdict["isWhole"] is True
            assert verdict["events"] > 10
    finally:
        server.kill()
