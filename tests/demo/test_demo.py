"""The demo as people and programs start it: one line, a real backend, customers who act, nothing left behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backend.agent.schemas import ActionAsk
from backend.client import ApiError, Client
from backend.core.clock import RealClock
from backend.core.ids import new_id
from backend.demo.outside.freshchat import FreshchatDouble
from backend.incidences.schemas import MessageSend
from backend.signals.schemas import CartPut, SignalPost
from tests.demo.demo_process import ROOT, Demo, environment

SECONDS = 90.0
pytestmark = pytest.mark.timeout(240)


async def until(look: Any, seconds: float = SECONDS) -> Any:
    """What `look` answers as soon as it is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := await look():
            return found
        await asyncio.sleep(0.2)
    raise AssertionError("it did not come in time")


async def member(demo: Demo, role: str) -> Client:
    client = Client(demo.url)
    await client.identity.sign_in(demo.email(role), demo.password)
    return client


async def test_colleagues_are_at_their_desks_and_one_goes_to_lunch(demo: Demo) -> None:
    """The first here, while the demo is young: lunch is over in half a minute."""
    async with await member(demo, "supervisor") as client:

        async def there() -> Any:
            people = {one.member.name: one for one in (await client.agent.floor()).members}
            rohan, meera = people["Rohan Kulkarni"], people["Meera Dutta"]
            is_there = rohan.member.availability == "ONLINE" and meera.member.away_reason == "lunch"
            return (rohan, meera) if is_there else None

        rohan, meera = await until(there)
        assert meera.member.availability == "AWAY"
        assert rohan.load > meera.load > 0


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin", "owner"])
async def test_every_role_signs_in(demo: Demo, role: str) -> None:
    async with await member(demo, role) as client:
        me = await client.identity.me()
        assert (me.role, me.business.name) == (role, "Thali & Tandoor")
        page = await client.incidences.list(view="all", limit=200)
        assert len(page.items) >= 60


async def test_owner_and_admin_have_a_second_business_to_switch_to(demo: Demo) -> None:
    async with await member(demo, "admin") as client:
        first, second = (await client.businesses.list()).items
        assert (first.name, second.name) == ("Thali & Tandoor", "Tiffin Lane London")
        await client.identity.switch(second.id)
        try:
            here = (await client.identity.me()).business
            assert (here.currency, here.time_zone) == ("GBP", "Europe/London")
            page = await client.incidences.list(view="all", limit=200)
            assert sorted(one.status for one in page.items if one.status != "CLOSED") == ["OPEN"] * 5
            assert (await client.audit.verify())["isWhole"] is True
            assert {one.name for one in (await client.businesses.members(second.id)).items} == {
                "Harish Bhat",
                "Kavya Menon",
            }
        finally:
            await client.identity.switch(first.id)
    async with await member(demo, "supervisor") as client:
        assert len((await client.businesses.list()).items) == 1


async def test_the_chain_is_whole_while_it_lives(demo: Demo) -> None:
    async with await member(demo, "supervisor") as client:
        verdict = await client.audit.verify()
        assert verdict["isWhole"] is True
        assert verdict["events"] > 3_000


async def test_signals_by_the_printed_key_lead_to_a_prompt_and_a_case(demo: Demo) -> None:
    user = f"test-{new_id()}"
    async with Client(demo.url, api_key=demo.about["apiKey"]) as app, await member(demo, "agent") as agent:
        await app.context.set_cart(user, CartPut(cart_items=[], event_type="WEDDING", estimated_value=90_000))
        prompts = []
        for type, times, value in (("price_check", 6, None), ("back_navigation", 4, None), ("inactivity", 1, 75)):
            for _ in range(times):
                post = SignalPost(signal_type=type, value=value, flow="order", screen="checkout")
                prompts.append((await app.context.signal(user, post)).prompt)
        assert any(prompts)

        async def opened() -> Any:
            return (await agent.incidences.of_user(user)).items

        case = (await until(opened))[0]
        assert case.trigger == "SYSTEM_INITIATED"
        assert (case.friction_score or 0) > 50
        assert "CALL" in case.allowed_channels


def printed_key(demo: Demo) -> Any:
    return load_pem_private_key(Path(demo.about["freshchatPrivateKey"]).read_bytes(), None)


async def test_webhooks_signed_with_the_printed_key_are_taken_and_forged_ones_are_not(demo: Demo) -> None:
    key = printed_key(demo)
    user, conversation = f"test-{new_id()}", f"conversation-{new_id()}"
    now = RealClock().now()
    async with Client(demo.url) as outside, await member(demo, "agent") as agent:
        body, headers = FreshchatDouble(key).message_create(
            conversation, "Is the paneer fresh?", user_id=user, at=now, user={"first_name": "Uma", "reference_id": user}
        )
        assert (await outside.webhooks.freshchat(body, headers))["accepted"] is True
        with pytest.raises(ApiError) as refused:
            await outside.webhooks.freshchat(
                *FreshchatDouble().message_create(conversation, "Hi", user_id=user, at=now)
            )
        assert (refused.value.status, refused.value.code) == (401, "SIGNATURE_INVALID")

        async def opened() -> Any:
            try:
                return (await agent.incidences.of_user(user)).items
            except ApiError as refused:  # nobody knows the customer before the webhook is worked on
                assert refused.status == 404
                return []

        case = (await until(opened))[0]
        assert case.last_message is not None
        assert case.last_message.text == "Is the paneer fresh?"


async def test_a_customer_of_the_past_reacts_to_an_answer(demo: Demo) -> None:
    async with await member(demo, "agent") as agent:
        waiting = (await agent.incidences.list(view="unassigned", limit=200)).items
        case = next(one for one in waiting if one.platform and one.user_id.startswith("cust-"))
        await agent.incidences.take(case.incidence_id)
        fresh = await agent.incidences.show(case.incidence_id)
        sent = await agent.incidences.send(
            case.incidence_id, MessageSend(text="It is on its way.", last_seen_seq=fresh.last_message_seq)
        )

        async def reacted() -> bool:
            now = await agent.incidences.show(case.incidence_id)
            return (
                now.last_message_seq > sent.seq and now.last_message is not None and now.last_message.by == "customer"
            )

        assert await until(reacted)


async def test_an_answer_reaches_the_chat_platform(demo: Demo) -> None:
    async with await member(demo, "owner") as owner:

        async def connected() -> bool:
            return any(one.platform == "freshchat" and one.has_token for one in (await owner.integrations.list()).items)

        await until(connected)  # what was done before is told nobody
    async with await member(demo, "agent") as agent:
        waiting = (await agent.incidences.list(view="unassigned", limit=200)).items
        case = next(one for one in waiting if one.platform and one.user_id.startswith("cust-"))
        taken = await agent.incidences.take(case.incidence_id)
        message = MessageSend(text="One moment.", last_seen_seq=taken.last_message_seq)
        sent = await agent.incidences.send(case.incidence_id, message)

        async def arrived() -> bool:
            calls = (await agent.outgoing.list(incidence=case.incidence_id)).items
            states = {(call.kind, call.state) for call in calls}
            return ("MESSAGE", "SENT") in states and ("ASSIGN", "SENT") in states

        assert await until(arrived)
        messages = (await agent.incidences.messages(case.incidence_id)).items
        assert [one.seq for one in messages if (one.data or {}).get("text") == "One moment."] == [sent.seq]


async def test_customers_act_by_themselves(demo: Demo) -> None:
    async with await member(demo, "agent") as agent:

        async def came() -> bool:
            newest = (await agent.incidences.list(view="all", sort="created", limit=20)).items
            return any(one.user_id.startswith("live-") for one in newest)

        assert await until(came)


async def test_an_agent_asks_for_approval_and_what_others_ask_is_decided(demo: Demo) -> None:
    async with await member(demo, "supervisor") as supervisor, await member(demo, "agent") as agent:

        async def asked() -> Any:
            found = (await supervisor.approvals.list(status="PENDING")).items
            return [one for one in found if one.requested_by_name == "Rohan Kulkarni"]

        assert await until(asked)
        case = next(one for one in (await agent.incidences.list(view="all", limit=50)).items if one.order_value)
        body = ActionAsk(type="CUSTOM_PRICING", version=case.version, params={"reason": "a barter"})
        with pytest.raises(ApiError) as error:
            await agent.agent.act(case.incidence_id, body)
        id = error.value.details["approvalId"]

        async def decided() -> Any:
            return next(
                (one for one in (await supervisor.approvals.list()).items if one.approval_id == id and one.decided_by),
                None,
            )

        assert (await until(decided)).decided_by_name == "Harish Bhat"


def test_a_signal_ends_it_and_nothing_is_left(tmp_path: Path) -> None:
    running = Demo(tmp_path)
    try:
        folder = Path(running.about["folder"])
        assert folder.exists()
        code, rest = running.stop()
        assert (code, rest) == (0, "")
        assert not folder.exists()
        assert "Traceback" not in (tmp_path / "demo.log").read_text()
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{running.url}/health", timeout=2, trust_env=False)
    finally:
        running.end()


def test_a_kept_world_goes_on(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    running = Demo(tmp_path, "--keep", str(kept), "--seed", "11")
    try:
        first = running.about
        running.stop()
        assert (kept / "holdfast.db").exists()
        running = Demo(tmp_path, "--keep", str(kept), "--seed", "12")
        assert running.about["seed"] == 11
        assert running.about["apiKey"] == first["apiKey"]
        running.stop()
    finally:
        running.end()


def test_a_folder_that_cannot_be_used_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "console", "demo", "--no-console", "--keep", str(tmp_path / "file" / "demo")]
    done = subprocess.run(command, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "--keep" in done.stderr
    assert "Traceback" not in done.stderr


PARENT = """
import asyncio, sys
from pathlib import Path
from console.commands.demo import command
from console.connection import Connection, Target

async def main():
    line = command(Path(sys.argv[1]), "--still", "--throw-away", port=int(sys.argv[2]), seed=7)
    connection = Connection(Target(f"http://127.0.0.1:{sys.argv[2]}", command=line), Path(sys.argv[3]))
    await connection.open()
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_killing_the_parent_ends_the_child_and_its_world(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world = tmp_path / "world"
    arguments = [str(world), str(port), str(tmp_path / "backend.log")]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *arguments],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        assert httpx.get(f"http://127.0.0.1:{port}/ready", trust_env=False).status_code == 200
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(10)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and world.exists():
            time.sleep(0.1)
        assert not world.exists()
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/ready", timeout=2, trust_env=False)
    finally:
        if parent.poll() is None:
            parent.kill()
        parent.communicate(timeout=10)


def test_commands_on_standard_input_and_its_end(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    line = [sys.executable, "-m", "backend.demo", "--folder", str(tmp_path / "world"), "--port", str(port), "--still"]
    child = subprocess.Popen(
        line, cwd=ROOT, env=environment(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        assert child.stdin is not None
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5, trust_env=False).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        child.stdin.write("speed 4\nnonsense\npause\n")
        child.stdin.flush()
        time.sleep(0.3)
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(SECONDS) == 0
    finally:
        if child.poll() is None:
            child.kill()
            child.wait(10)
