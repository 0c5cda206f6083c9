"""Calling other systems: however they answer, it ends, in bounded memory, and the token goes nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpcore
import pytest

from backend.core import outside
from backend.core.clock import FrozenClock
from backend.core.outside import Outside, Rest, Unclear, Unreached
from backend.demo.outside.serve import served


class Vendor:
    """Answers /slow a byte at a time, /huge with far too much, and /away with a redirect to /there."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.hosts: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])
        self.hosts.append(dict(scope["headers"]).get(b"host", b"").decode())
        is_away = scope["path"] == "/away"
        headers = [(b"location", b"/there")] if is_away else []
        await send({"type": "http.response.start", "status": 302 if is_away else 200, "headers": headers})
        part, pause = {"/slow": (b" ", 0.05), "/huge": (b" " * 2**16, 0)}.get(scope["path"], (b"", 0))
        for _ in range(60 if part else 0):
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": b"{}"})


@pytest.fixture
async def vendor() -> AsyncIterator[tuple[Vendor, Rest]]:
    here, double = Outside(FrozenClock(), is_private_open=True), Vendor()
    async with served(double) as url:
        token = {"Authorization": "Bearer tok"}
        yield double, Rest(here, url, token, title="Chat", account="a", per_minute=100)
        await here.close()


@pytest.mark.parametrize(
    ("path", "said"), [("/slow", "did not answer"), ("/huge", "more than"), ("/away", "answered 302")]
)
async def test_an_answer_that_is_none(
    vendor: tuple[Vendor, Rest], path: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    double, rest = vendor
    monkeypatch.setattr(outside, "TIMEOUT_SECONDS", 1.0 if path == "/slow" else 15.0)
    monkeypatch.setattr(outside, "_MOST_BYTES", 2**20)
    with pytest.raises(Unclear, match=said):
        async with asyncio.timeout(10):
            await rest.get(path)
    assert double.paths == [path]


PRIVATE = """
    http://127.0.0.1 https://localhost https://LOCALHOST. https://[::1] https://10.1.2.3 https://192.168.0.9
    https://169.254.169.254 https://[fe80::1] https://[::ffff:10.0.0.1] https://chat.internal https://rack.local
    https://0.0.0.0 https://[::7f00:1] https://[64:ff9b::a00:1] https://[2002:7f00:1::] https://[fec0::1]
    https://224.0.0.1 https://[ff02::1] https://[::] https://[::ffff:169.254.0.1]
""".split()
LINK_LOCAL = ("https://169.254.169.254", "https://[fe80::1]", "https://[::ffff:169.254.0.1]")


@pytest.mark.parametrize("url", PRIVATE)
async def test_a_private_address_is_not_called_unless_it_may_be(url: str) -> None:
    closed = Outside(FrozenClock())
    with pytest.raises(Unreached, match=r"(private|link-local) address"):
        await Rest(closed, url, {}, title="Chat", account="a", per_minute=100).get("/")
    opened = Outside(FrozenClock(), is_private_open=True)
    if url in LINK_LOCAL:  # where clouds hand out credentials: never
        with pytest.raises(Unreached, match="never calls"):
            await opened.admit(url)
        with pytest.raises(Unreached, match="never calls"):
            await opened.addresses(url.removeprefix("https://").strip("[]"), by_proxy=False)
    else:
        await opened.admit(url)
    for public in ("8.8.8.8", "[2606:4700::1111]", "[64:ff9b::808:808]", "[::ffff:8.8.8.8]"):
        await closed.admit(f"https://{public}/v2")


@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:9"])
async def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    async def found(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", ("93.184.215.14", 0)), (0, 0, 0, "", ("10.0.0.7", 0))]

    for name in ("http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found, raising=False)
    here = Outside(FrozenClock())
    with pytest.raises(Unreached, match=r"chat\.example is a private address"):
        await Rest(here, "https://chat.example/v2", {}, title="Chat", account="a", per_minute=100).get("/")
    await here.close()


async def test_what_was_judged_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns a name answers the first look-up with a public address, and any other with one inside."""
    double, asked, dialled = Vendor(), [], []

    async def found(host: Any, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", ("93.184.215.14" if len(asked) == 1 else "127.0.0.1", 0))]

    async with served(double) as url:
        port = int(url.rpartition(":")[2])

        async def connect(self: Any, host: str, _port: int, *more: Any) -> Any:
            dialled.append(host)
            return await real(self, "127.0.0.1", port, *more)

        real = httpcore.AnyIOBackend.connect_tcp
        monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found, raising=False)
        here = Outside(FrozenClock())
        rest = Rest(here, "http://chat.example:8080/v2", {}, title="Chat", account="a", per_minute=100)
        assert (await rest.get("/x")).status == 200
        await here.close()
    assert (asked, dialled, double.paths) == (["chat.example"], ["93.184.215.14"], ["/v2/x"])
    assert double.hosts == ["chat.example:8080"], "the name stays what it was asked for"


async def test_a_name_that_leads_to_a_clouds_own_address_is_not_called_where_private_ones_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def found(host: Any, *_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", ("169.254.169.254" if host == "meta.example" else "10.0.0.7", 0))]

    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found, raising=False)
    here = Outside(FrozenClock(), is_private_open=True)
    with pytest.raises(Unreached, match=r"meta\.example is a link-local address"):
        await Rest(here, "https://meta.example", {}, title="Chat", account="a", per_minute=100).get("/")
    assert await here.addresses("rack.example", by_proxy=False) == ["10.0.0.7"]
    await here.close()
