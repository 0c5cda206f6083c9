"""Connections: made, changed and ended by admins; credentials sealed; and the commands in a shell."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from backend.client import ApiError, Client
from backend.core.sealing import Broken, Vault
from backend.identity.schemas import SignUp
from backend.integrations.models import Integration
from backend.integrations.schemas import IntegrationAdd, IntegrationChange
from console.cli import command_line
from tests.integrations.conftest import Chat
from tests.integrations.outside import Line, connected
from tests.support.backend import Backend
from tests.support.server import Server

pytestmark = pytest.mark.alike


def body(**more: Any) -> IntegrationAdd:
    return IntegrationAdd.model_validate(
        {"platform": "chatwoot", "baseUrl": "https://chat.example/", "accountId": "3", "token": "tok-123", **more}
    )


async def test_credentials_are_sealed_at_rest_and_never_shown(backend: Backend) -> None:
    owner = await backend.owner()
    made = await owner.integrations.add(body(webhookSecret="hook-456"))
    assert (made.has_token, made.has_webhook_secret, made.missing) == (True, True, [])
    assert made.base_url == "https://chat.example"
    shown = (await owner.integrations.list()).model_dump_json() + made.model_dump_json()
    rows = await backend.runtime.database.read(
        lambda session: str(session.execute(text("SELECT config, sealed FROM integrations")).all())
    )
    audit = str(await owner.transport.call("GET", "/api/audit", None, limit=200))
    for kept in (shown, rows, audit):
        assert "tok-123" not in kept
        assert "hook-456" not in kept
    sealed = backend.runtime.vault.seal({"token": "tok-123"})
    assert backend.runtime.vault.open(sealed) == {"token": "tok-123"}
    with pytest.raises(Broken):
        Vault("another secret").open(sealed)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.settings(private_addresses=False)
async def test_a_connection_does_not_lead_inside_unless_the_server_lets_it(backend: Backend) -> None:
    owner = await backend.owner()
    with pytest.raises(ApiError, match="private address") as refused:
        await owner.integrations.add(body(baseUrl="https://10.0.0.7/chat"))
    assert refused.value.code == "PRIVATE_ADDRESS"
    assert (await owner.integrations.list()).items == []
    made = await owner.integrations.add(body())
    with pytest.raises(ApiError, match="private address"):
        await owner.integrations.change(made.id, IntegrationChange(base_url="http://localhost:3000", token="tok"))
    (kept,) = (await owner.integrations.list()).items
    assert kept.base_url == "https://chat.example"


async def test_what_is_given_is_changed_and_a_token_goes_only_where_it_was_given_for(backend: Backend) -> None:
    owner = await backend.owner()
    made = await owner.integrations.add(body())
    with pytest.raises(ApiError) as twice:
        await owner.integrations.add(body())
    assert (twice.value.status, twice.value.code) == (409, "ALREADY_CONNECTED")
    changed = await owner.integrations.change(made.id, IntegrationChange(per_minute=10))
    assert (changed.per_minute, changed.account_id, changed.has_token) == (10, "3", True)
    with pytest.raises(ApiError) as moved:
        await owner.integrations.change(made.id, IntegrationChange(base_url="https://evil.example"))
    assert (moved.value.status, moved.value.code) == (422, "TOKEN_NEEDED")
    moved_to = IntegrationChange(base_url="https://other.example", token="tok-789")
    assert (await owner.integrations.change(made.id, moved_to)).base_url == "https://other.example"
    await owner.integrations.remove(made.id)
    assert (await owner.integrations.list()).items == []
    for gone in (owner.integrations.remove(made.id), owner.integrations.sync(made.id)):
        with pytest.raises(ApiError) as missing:
            await gone
        assert missing.value.status == 404


async def test_a_token_is_never_sent_in_the_clear_or_by_somebody_who_may_not(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("supervisor")
    for address in (
        "http://chat.example",
        "ftp://chat.example",
        "chat.example",
        "https://a:b@chat.example",
        "https://",
    ):
        answer = {"platform": "chatwoot", "baseUrl": address}
        with pytest.raises(ApiError) as refused:
            await owner.transport.call("POST", "/api/integrations", None, answer)
        assert refused.value.status == 400
    made = await owner.integrations.add(body())
    other = await backend.another_owner()
    for client, status in ((agent, 403), (other, 404)):
        with pytest.raises(ApiError) as forbidden:
            await client.integrations.change(made.id, IntegrationChange(per_minute=1))
        assert forbidden.value.status == status
    assert [one.per_minute for one in (await agent.integrations.list()).items] == [300]


async def test_credentials_sealed_under_another_secret_are_told_as_such(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        await line.begin()

        def reseal(work: Any) -> None:
            row = work.get(Integration, line.integration.id)
            row.sealed = Vault("the secret of before").seal({"token": "x"})

        await (await chat.backend.units()).write(reseal)
        await line.send("Hi")
        await chat.backend.drain()
        (call,) = await line.calls()
        assert call.error == (
            "the credentials cannot be opened: the installation's secret is another now; an admin must give the API"
            " token of Freshchat again"
        )
        (shown,) = (await (await chat.backend.owner()).integrations.list()).items
        assert (shown.has_token, shown.missing) == (False, ["its API token"])


async def test_a_wrong_token_is_told_once_and_not_tried_for_ever(chat: Chat) -> None:
    async with connected(chat, "freshchat", sends=["messages"]) as line:
        line.double.token = "another"
        await line.begin()
        await line.send("Hi")
        await chat.backend.drain()
        (call,) = await line.calls()
        assert (call.state, call.error) == ("FAILED", "Freshchat answered 401: the token is not valid")
        line.double.token = "double-token"
        await (await chat.backend.owner()).outgoing.retry(call.id)
        await chat.backend.drain()
        assert line.talk.answers == ["Hi"]


def test_the_commands(server: Server, tmp_path: Path) -> None:
    env: dict[str, str | None] = {
        "HOLDFAST_HOME": str(tmp_path / "home"),
        "HOLDFAST_URL": None,
        "HOLDFAST_PASSWORD": "correct horse battery",
        "HOLDFAST_PLATFORM_TOKEN": "tok-123",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(command_line(words[0]), list(words), env=env)
        assert done.exit_code == code, done.output
        return done.stdout or done.stderr

    async def sign_up() -> None:
        async with Client(server.url) as owner:
            await owner.identity.sign_up(SignUp(email="o@example.com", password="correct horse battery", name="Olga"))

    asyncio.run(sign_up())
    run("sign-in", server.url, "o@example.com")
    assert run("integrations", "list") == "Nothing is connected.\n"
    assert "https" in run("integrations", "add", "freshchat", "--address", "http://chat.example", code=1)
    added = run("integrations", "add", "freshchat", "--address", "https://chat.example/v2")
    assert "Still to be set: the agent that messages are written by." in added
    run("integrations", "change", "freshchat", "--agent", "a1", "--map-group", "tech-team=7")
    (listed,) = json.loads(run("integrations", "list", "--json"))["items"]
    assert (listed["agentId"], listed["groups"], listed["missing"]) == ("a1", {"TECH_TEAM": "7"}, [])
    assert "Freshchat" in run("integrations", "list")
    assert run("integrations", "outgoing") == "There is nothing.\n"
    assert "no outgoing call" in run("integrations", "retry", "nothing", code=1)
    assert "no integration" in run("integrations", "sync", "intercom", code=1)
    run("integrations", "sync", "freshchat")
    run("integrations", "remove", "freshchat")
    assert json.loads(run("integrations", "list", "--json"))["items"] == []


async def test_failing_webhooks_are_counted(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.integrations import telling

    async with connected(chat, "freshchat") as line:

        def broken(*_: Any) -> None:
            raise RuntimeError("no room on the disk")

        monkeypatch.setattr(telling, "tell", broken)
        line.double.customer_says("1", "Hi")
        await Line.post(line)
        (shown,) = (await (await chat.backend.owner()).integrations.list()).items
        assert shown.failing_deliveries == 1


WRONG: tuple[dict[str, str], ...] = (
    {"token": "tok\u00e9n"},
    {"token": "tok\nX-Other: 1"},
    {"baseUrl": "ftp://chat.example"},
    {"baseUrl": "file:///etc/passwd"},
    {"baseUrl": "http://169.254.169.254/latest"},
    {"baseUrl": "https://:secret@chat.example"},
)


async def test_what_is_no_address_or_no_token_is_refused(backend: Backend) -> None:
    owner = await backend.owner()
    for wrong in WRONG:
        given = {"platform": "chatwoot", "baseUrl": "https://chat.example", "accountId": "3", "token": "tok", **wrong}
        answer = await owner.transport._http.post("/api/integrations", json=given, headers=owner.transport.headers)
        assert answer.status_code == 400, wrong
        assert not any(value in answer.text for value in wrong.values()), "what may be a secret is not said back"
    assert (await owner.integrations.list()).items == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_of_an_endpoint_only_admins_see_the_whole_address(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("supervisor")
    whole = "https://hooks.example/catch/1234/s3cret"
    await owner.integrations.add(IntegrationAdd(platform="webhook", name="zap", base_url=whole))
    await owner.integrations.add(IntegrationAdd(platform="chatwoot", base_url="https://chat.example/here"))
    seen = {one.platform: one.base_url for one in (await owner.integrations.list()).items}
    assert seen == {"webhook": whole, "chatwoot": "https://chat.example/here"}
    seen = {one.platform: one.base_url for one in (await agent.integrations.list()).items}
    assert seen == {"webhook": "https://hooks.example/…", "chatwoot": "https://chat.example/here"}
