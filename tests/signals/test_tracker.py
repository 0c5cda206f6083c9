"""The tracker for Python servers, over sockets: nothing is lost that could be told, nothing counts twice, and whoever tracks
is never held up."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from backend.client import Client
from backend.client import track as tracking
from backend.client.track import Tracker
from backend.demo.outside.serve import served
from backend.identity.schemas import KeyCreate, SignUp
from tests.support.databases import Sqlite
from tests.support.server import Server

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Sqlite) -> Iterator[tuple[Server, str]]:
    """A real server, and a key that may track."""
    folder = tmp_path_factory.mktemp("shop")
    server = Server(sqlite_template.make(folder), folder / "data", track_per_minute="100000").start()

    async def key() -> str:
        async with Client(server.url) as owner:
            await owner.identity.sign_up(SignUp(email="o@example.com", password=PASSWORD, name="Olga"))
            return (await owner.keys.create(KeyCreate(name="server", scopes=["track"]))).key

    yield server, asyncio.run(key())
    server.kill()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "RETRY_SECONDS", (0.02, 0.1))


def stored(server: Server, customer: str) -> list[str]:
    """The ids of what is stored of a customer."""
    engine = create_engine(server.database_url)
    query = "SELECT s.id FROM signals s JOIN customers c ON c.id = s.customer_id WHERE c.external_id = :who"
    with engine.connect() as connection:
        found = [row.id for row in connection.execute(text(query), {"who": customer})]
    engine.dispose()
    return found


def test_many_threads_and_coroutines_tell_at_once(shop: tuple[Server, str]) -> None:
    server, key = shop
    with Tracker(server.url, key, batch=200) as tracker:

        def tell(name: str) -> None:
            for place in range(250):
                assert tracker.track("many", "feature_used", {"feature": name}, count=place)

        threads = [threading.Thread(target=tell, args=(f"thread{place}",)) for place in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        async def coroutine() -> bool:
            async with Tracker(server.url, key) as other:
                other.track("many", "login", id="login-1")
                other.track("many", "login", id="login-1")
                await other.aflush()
                assert (other.counts["accepted"], other.counts["duplicates"]) == (1, 1)
            return other.track("many", "login")

        assert asyncio.run(coroutine()) is False, "what is closed takes no more"
        assert tracker.flush(10)
        assert tracker.counts["accepted"] == 1_000
    assert len(stored(server, "many")) == 1_001


def test_a_server_that_was_killed_and_is_back(shop: tuple[Server, str], hurried: None) -> None:
    server, key = shop
    tracker = Tracker(server.url, key, flush_seconds=0.01)
    tracker.track("patient", "login", id="before")
    assert tracker.flush(10)
    server.kill()
    for place in range(50):
        tracker.track("patient", "feature_used", id=f"while-{place}")
    assert not tracker.flush(0.3)
    assert tracker.counts["retries"] > 0
    server.start()
    assert tracker.flush(20)
    assert len(stored(server, "patient")) == 51
    assert tracker.counts["failed"] == 0
    tracker.close()


class Slow:
    """A server that answers as it is told: (status, headers, seconds) in turn, then takes everything."""

    def __init__(self, *answers: tuple[int, dict[str, str], float]) -> None:
        self.answers, self.at, self.sizes = list(answers), [], []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message.get("more_body"):
                break
        self.at.append(time.monotonic())
        self.sizes.append(body.count(b'"customerId"'))
        status, headers, seconds = self.answers.pop(0) if self.answers else (202, {}, 0.0)
        await asyncio.sleep(seconds)
        told = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": b'{"accepted": %d}' % self.sizes[-1]})


async def test_what_it_is_asked_to_wait_and_how_full_it_may_be(hurried: None) -> None:
    server = Slow((429, {"Retry-After": "0.3"}, 0), (503, {}, 0), (202, {}, 0.5))
    async with served(server) as url:
        tracker = Tracker(url, "k", batch=10, most_waiting=25, flush_seconds=0.01)
        told = [tracker.track("c", "x") for _ in range(100)]
        assert tracker.counts["accepted"] == 0, "whoever tracks waits for no answer"
        assert 25 <= told.count(True) <= 35
        assert tracker.counts["dropped"] == told.count(False)
        assert await tracker.aflush(10)
        counts = tracker.counts
        assert (counts["accepted"], counts["retries"], counts["failed"]) == (told.count(True), 2, 0)
        assert server.at[1] - server.at[0] >= 0.3, "Retry-After is kept"
        assert max(server.sizes) <= 10
        await tracker.aclose()


async def test_what_is_refused_is_counted_and_raises_nothing(hurried: None, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Slow((401, {}, 0), (413, {}, 0), (202, {}, 0), (202, {}, 0), (202, {}, 0.6))
    async with served(server) as url:
        tracker = Tracker(url, "wrong", flush_seconds=0.01, timeout_seconds=0.2)
        tracker.track("c", "x")
        await tracker.aflush(5)
        assert tracker.counts["failed"] == 1
        for _ in range(4):
            tracker.track("c", "x")
        await tracker.aflush(5)
        assert server.sizes[1:] == [4, 2, 2], "what is too large goes in halves"
        tracker.track("c", "x")
        await tracker.aflush(5)
        assert tracker.counts["retries"] == 1, "what does not answer is asked again"

        class Odd:
            def __str__(self) -> str:
                raise RuntimeError("no")

        assert tracker.track("c", "x", thing=Odd()) is False
        assert tracker.track(Odd(), "x") is False  # type: ignore[arg-type]
        monkeypatch.setattr(threading.Thread, "start", lambda _: (_ for _ in ()).throw(RuntimeError("no threads")))
        assert Tracker(url, "k").track("c", "x") is False
        monkeypatch.undo()
        await tracker.aclose()
    nowhere = Tracker("http://127.0.0.1:9", "k", flush_seconds=0.01)
    nowhere.track("c", "x")
    assert nowhere.close(0.2) is True, "given up in time, and counted"
    assert nowhere.counts["failed"] == 1
    assert Tracker("not a url at all", "k").close(0.1)


CHILD = """
import os, sys
from backend.client.track import Tracker
tracker = Tracker(sys.argv[1], sys.argv[2], flush_seconds=60)
for place in range(40):
    tracker.track("leaver", "feature_used", id=f"parent-{place}")
if sys.argv[3] == "fork" and os.fork() == 0:
    assert tracker.counts["waiting"] == 0
    for place in range(10):
        tracker.track("leaver", "feature_used", id=f"child-{place}")
"""


@pytest.mark.parametrize(("how", "count"), [("plain", 40), ("fork", 50)])
def test_the_end_of_the_process_flushes(shop: tuple[Server, str], tmp_path: Path, how: str, count: int) -> None:
    server, key = shop
    before = len(stored(server, "leaver"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, server.url, key, how],
        env=environment,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    deadline = time.monotonic() + 10
    while len(set(stored(server, "leaver"))) < (40 if how == "plain" else 50) and time.monotonic() < deadline:
        time.sleep(0.05)  # a forked child may end after its parent
    assert len(stored(server, "leaver")) == max(before, count)
