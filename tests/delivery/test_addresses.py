"""Where letters may go: what is no address, and what leads inside, when it is added and when it is sent."""

import asyncio
import socket
from typing import Any

import pytest

from backend.client import ApiError
from backend.delivery.address import Kind, checked, mailbox
from backend.delivery.schemas import ChannelAdd
from tests.delivery.conftest import Post, on_sqlite
from tests.support.backend import Backend

WRONG = [
    ("SLACK", "http://hooks.slack.com/services/T/B/X", "must be https"),
    ("SLACK", "https://10.0.0.7/services/T/B/X", "private address"),
    ("TEAMS", "https://169.254.169.254/latest/meta-data", "link-local address"),
    ("TEAMS", "https://user@evil.example/x", "whole address"),
    ("SLACK", "https://hooks.slack.com", "whole address"),
    ("SLACK", "gopher://x/y", "must be an address"),
    ("EMAIL", "smtp://localhost?from=a@example.com", "private address"),
    ("EMAIL", "smtp://mail.example.com:6379?from=a@example.com", "port 6379"),
    ("EMAIL", "smtp://mail.example.com", "who writes"),
    ("EMAIL", "smtp://mail.example.com?from=a@example.com%0d%0aRCPT%20TO", "one e-mail address"),
    ("EMAIL", "https://mail.example.com", "must be an address"),
]


@pytest.mark.parametrize(("kind", "address", "why"), WRONG)
def test_nothing_is_sent_where_it_must_not_go(kind: Kind, address: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked(kind, address, is_private_open=False)


@on_sqlite
@pytest.mark.settings(private_addresses=False)
async def test_such_an_address_makes_no_channel(backend: Backend) -> None:
    owner = await backend.owner()
    for kind, address, why in WRONG[1:3]:
        with pytest.raises(ApiError) as refused:
            await owner.delivery.add(ChannelAdd.model_validate({"kind": kind, "name": "x", "address": address}))
        assert (refused.value.status, why in refused.value.message) == (422, True), refused.value.message
    assert (await owner.delivery.channels()).items == []


@on_sqlite
@pytest.mark.settings(slack_url="http://127.0.0.1:9/services/T0/B0/X0")
async def test_an_address_that_leads_inside_when_it_is_sent_is_not_called(post: Post) -> None:
    channel = await post.add("SLACK")
    post.backend.runtime.outside.is_private_open = False
    row = await post.settled(await post.write(to="", kind="SLACK"))
    assert (row.state, "private address" in (row.error or ""), post.chat.tries) == ("FAILED", True, 0)
    await post.owner.delivery.remove(channel.id or "")
    row = await post.settled(await post.write(to="", kind="SLACK", cause="c-2"))
    assert "cannot be reached" in (row.error or ""), "whoever runs the server may have theirs on this machine"
    assert "X0" not in (row.error or ""), "whoever knows the whole address can write there"


NAMED = {
    "SLACK": "https://chat.example/services/T/B/X",
    "EMAIL": "smtp://mail.example?from=a@example.com&to=b@example.com",
}


@on_sqlite
@pytest.mark.parametrize("kind", NAMED)
async def test_what_a_name_was_judged_by_is_what_is_connected_to(
    post: Post, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns a name answers the first look-up with a public address, and any other with one inside."""
    asked: list[str] = []
    dialled: list[tuple[str, int]] = []

    async def found(host: Any, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", (address, 0)) for address in (public if len(asked) == 1 else ["127.0.0.1"])]

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> Any:
        dialled.append(address)
        raise OSError("nobody is there")

    public = ["93.184.215.14", "93.184.215.15"]
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    await post.add(kind, address=NAMED[kind])
    post.backend.runtime.outside.is_private_open = False
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found, raising=False)
    monkeypatch.setattr(socket, "create_connection", connect)
    letter = await post.write(to="", kind=kind)
    row = await post.settled(letter)
    port = 443 if kind == "SLACK" else 587
    assert (row.state, dialled) == ("PENDING", [(one, port) for one in public])
    await post.later(minutes=1)
    row = await post.settled(letter)
    assert (row.state, "private address" in (row.error or ""), len(dialled)) == ("FAILED", True, 2)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "to", ["nobody", "a@b\r\nBcc: c@d.example", "a@b.example, c@d.example", "<a@b.example>", "a b@c.de"]
)
def test_what_is_no_address_is_refused_at_once(to: str) -> None:
    with pytest.raises(ValueError, match="one e-mail address"):
        mailbox(to)
