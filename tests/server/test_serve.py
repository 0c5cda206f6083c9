"""`holdfast serve` as users run it: a process of its own, over sockets."""

import asyncio
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.client import ApiError, Client, Offline
from backend.identity.schemas import BusinessChange, KeyCreate, SignUp
from backend.settings import Settings
from backend.signals.schemas import SignalPost
from tests.support.backend import PASSWORD
from tests.support.nursery import ROOT
from tests.support.server import Server

pytestmark = pytest.mark.alike

OWNER = SignUp(email="asha@example.com", password=PASSWORD, name="Asha")


async def test_it_answers_and_says_where(server: Server) -> None:
    async with Client(server.url) as client:
        assert await client.system.health() == {"status": "ok"}
        assert (await client.identity.sign_up(OWNER)).role == "owner"
        assert "holdfast_http_seconds" in await client.system.metrics()
    assert server.log.read_text().splitlines() == [f"Holdfast is ready at {server.url}"]


async def test_jobs_run_in_it(server: Server) -> None:
    async with Client(server.url) as client:
        for _ in range(100):
            if (await client.system.ready())["jobs"] == "running":
                return
            await asyncio.sleep(0.1)
    pytest.fail(server.log.read_text())


async def test_a_live_connection_resumes_after_the_server_was_killed(server: Server) -> None:
    async with Client(server.url) as client:
        await client.identity.sign_up(OWNER)
        business = (await client.identity.me()).business

        async def rename(version: int) -> None:
            await client.businesses.change(business.id, BusinessChange(version=version, name=f"Name {version}"))

        seen: list[int] = []
        async with client.live.connect() as live:
            frames = live.__aiter__()
            head = (await anext(frames))["head"]
            for version in range(1, 4):
                await rename(version)
            while len(seen) < 2:
                frame = await anext(frames)
                seen += [frame["seq"]] if frame["kind"] == "event" else []
            await asyncio.to_thread(server.kill)
            async for frame in live:  # what was under way still arrives, and then it ends by itself
                seen += [frame["seq"]] if frame["kind"] == "event" else []
        with pytest.raises(Offline):
            await rename(4)
        await asyncio.to_thread(server.start)
        await rename(4)
        async with client.live.connect(after=seen[-1]) as live:
            async for frame in live:
                seen += [frame["seq"]] if frame["kind"] == "event" else []
                if len(seen) == 4:
                    break
        assert seen == list(range(head + 1, head + 5))
        assert (await client.audit.verify())["isWhole"] is True


async def test_two_servers_on_one_database_share_one_feed(server: Server, tmp_path: Path) -> None:
    second = Server(server.database_url, tmp_path / "second", secret="s" * 40)
    server.stop()
    server._settings["HOLDFAST_SECRET"] = "s" * 40
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(second.start)
    try:
        async with Client(server.url) as one, Client(second.url) as two:
            await one.identity.sign_up(OWNER)
            await two.identity.sign_in(OWNER.email, PASSWORD)
            async with one.live.connect() as live:
                frames = live.__aiter__()
                head = (await anext(frames))["head"]
                await asyncio.gather(
                    *((one, two)[number % 2].keys.create(KeyCreate(name=str(number))) for number in range(20))
                )
                seqs: list[int] = []
                while len(seqs) < 20:
                    frame = await anext(frames)
                    seqs += [frame["seq"]] if frame["kind"] == "event" else []
            assert seqs == list(range(head + 1, head + 21))
            assert (await two.audit.verify())["isWhole"] is True
    finally:
        second.kill()


async def test_a_bad_token_is_refused_at_the_handshake(server: Server) -> None:
    async with Client(server.url) as client:
        client.transport.access_token = "garbage"
        with pytest.raises(ApiError) as refused:
            async with client.live.connect():
                pass
        assert refused.value.status == 401


async def test_too_large_a_body_is_refused_even_when_its_length_is_not_told(server: Server) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        for content in (b" " * 2_000_000, endless()):
            response = await http.post("/api/auth/login", content=content)
            assert (response.status_code, response.json()["error"]["code"]) == (413, "TOO_LARGE")


def test_it_stops_gracefully_when_told(server: Server) -> None:
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 10
    assert server.log.read_text().splitlines() == [f"Holdfast is ready at {server.url}"]


async def test_it_stops_though_somebody_is_on_the_line(server: Server) -> None:
    async with Client(server.url) as client:
        await client.identity.sign_up(OWNER)
        async with client.live.connect() as live:
            await anext(live.__aiter__())
            assert await asyncio.to_thread(server.stop) == 0


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    command = [sys.executable, "-m", "console", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def test_who_comes_while_it_starts_is_answered_once_it_is_ready(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    command = [sys.executable, "-m", "console", "serve", "--port", str(address[1]), "--data-dir", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            line = socket.socket()
            while line.connect_ex(address):
                assert process.poll() is None
                line.close()
                line = socket.socket()
            assert process.stdout is not None
            assert not select.select([process.stdout], [], [], 0)[0]  # it has not said yet that it is ready
            with line:
                line.sendall(b"GET /ready HTTP/1.1\r\nhost: h\r\n\r\n")
                line.settimeout(60)
                assert line.recv(100).startswith(b"HTTP/1.1 200 ")
        finally:
            process.terminate()


def test_a_taken_port_is_told_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("serve", "--port", port, "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"holdfast: cannot answer on 127.0.0.1:{port}: ")
    assert "Traceback" not in done.stderr


def test_a_database_that_does_not_answer_is_told_in_words(tmp_path: Path) -> None:
    url = "postgresql://nobody:sesame@127.0.0.1:1/none"
    for command in ("serve", "worker", "migrate"):
        done = run(command, "--database-url", url, "--data-dir", str(tmp_path))
        assert (done.returncode, "Traceback" in done.stderr, "sesame" in done.stderr + done.stdout) == (1, False, False)
        assert "does not answer" in done.stderr


def test_a_setting_that_does_not_hold_is_named(tmp_path: Path) -> None:
    done = run("serve", "--data-dir", str(tmp_path), HOLDFAST_BCRYPT_COST="ninety")
    assert done.returncode == 1
    assert "HOLDFAST_BCRYPT_COST" in done.stderr


async def test_an_app_follows_its_customers_notifications(server: Server) -> None:
    async with Client(server.url) as owner:
        await owner.identity.sign_up(OWNER)
        key = (await owner.keys.create(KeyCreate(name="app"))).key
    async with Client(server.url, api_key=key) as app:
        view = SignalPost(signal_type="platter_view")
        with pytest.raises(ApiError):
            async with app.live.connect_customer("a b/c?"):
                pass
        await app.context.signal("asha k", view)
        async with app.live.connect_customer("asha k") as line:
            frames = aiter(line)
            assert (await anext(frames))["kind"] == "hello"
            answers = [await app.context.signal(user, view) for user in ("ravi", "asha k") for _ in range(4)]
            told = await anext(frames)
        assert answers[6].prompt is not None
        assert (told["kind"], told["notification"]["id"]) == ("notification", answers[6].prompt.id)


async def test_limits_count_who_asks_by_a_trusted_proxy_and_the_lines_of_a_member(tmp_path: Path) -> None:
    server = Server(
        f"sqlite:///{tmp_path}/h.db",
        tmp_path / "d",
        trusted_proxies="127.0.0.1",
        sign_in_per_minute="3",
        live_per_member="1",
    )

    async def ask(source: str, **headers: str) -> int:
        transport = httpx.AsyncHTTPTransport(local_address=source)
        async with httpx.AsyncClient(transport=transport, base_url=server.url) as http:
            body = {"token": "hfp_forged", "password": PASSWORD}
            answer = await http.post(
                "/api/auth/reset", json=body, headers={n.replace("_", "-"): v for n, v in headers.items()}
            )
            return answer.status_code

    await asyncio.to_thread(server.start)
    try:
        one = [await ask("127.0.0.1", x_forwarded_for="203.0.113.7") for _ in range(4)]
        other = await ask("127.0.0.1", x_forwarded_for="203.0.113.8")
        # What the client claims stands to the left of what the proxy saw.
        claimed = await ask("127.0.0.1", x_forwarded_for="203.0.113.9, 203.0.113.7")
        # And from elsewhere than the proxy nothing is believed.
        anybody = [await ask("127.0.0.2", x_forwarded_for=f"203.0.113.{place}") for place in range(20, 24)]
        assert (one, other, claimed) == ([404, 404, 404, 429], 404, 429)
        assert anybody == [404, 404, 404, 429]
        async with httpx.AsyncClient(base_url=server.url) as http:
            assert (await http.get("/metrics")).status_code == 200
            for header in ("x-forwarded-for", "x-real-ip", "forwarded"):
                assert (await http.get("/metrics", headers={header: "203.0.113.7"})).status_code == 403
        async with Client(server.url) as client:
            await client.identity.sign_up(OWNER)
            async with client.live.connect() as first:
                assert (await anext(first.__aiter__()))["kind"] == "hello"
                async with client.live.connect() as second:
                    with pytest.raises(ApiError, match="too many places"):
                        await anext(second.__aiter__())
    finally:
        await asyncio.to_thread(server.kill)


@pytest.mark.parametrize("wrong", ["*", "proxy.internal", "0.0.0.0/0", "10.0.0.7;10.0.0.8"])
def test_who_may_say_who_asks_is_said_exactly(wrong: str) -> None:
    with pytest.raises(ValueError, match="everybody" if "/0" in wrong else "neither"):
        Settings(trusted_proxies=wrong)
