"""`holdfast integrations …`: connections to chat platforms, how they do, and what did not reach them."""

import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from pydantic import BaseModel

    from backend.client import Client

    Wanted = TypeVar("Wanted", bound=BaseModel)

Platform = Literal["freshchat", "intercom", "chatwoot"]
Name = Annotated[str, typer.Argument(help="The platform, or the integration's id.")]
Address = Annotated[str, typer.Option(help="The address of its API, such as https://acme.freshchat.com/v2.")]
Account = Annotated[str, typer.Option(help="The account's number (Chatwoot).")]
Agent = Annotated[str, typer.Option(help="The platform's id of the agent that messages are written by.")]
Agents = Annotated[list[str] | None, typer.Option(help="ID=E-MAIL: a platform's agent and the member; repeat it.")]
Groups = Annotated[list[str] | None, typer.Option(help="LEVEL=ID: a level of escalation and the group; repeat it.")]
HEADINGS = ("platform", "sends", "waiting", "unknown", "failed", "bad webhooks", "swept", "last error")
CALLS = ("when", "what", "state", "tries", "platform", "incidence", "why", "id")

group = typer.Typer(help="Chat platforms.", no_args_is_help=True)


@group.command("list")
def list_all(url: twin.Url = "", json: twin.Json = False) -> None:
    """The connections, and how each does."""

    async def listed(api: "Client") -> Any:
        return await api.integrations.list()

    page = twin.told(twin.signed_in(url, listed))
    rows = [HEADINGS, *map(_cells, page["items"])]
    show(twin.table(rows) if page["items"] else "No platform is connected.", page, as_json=json)


@group.command()
def add(
    platform: Annotated[Platform, typer.Argument(case_sensitive=False)],
    address: Address,
    account: Account = "",
    agent: Agent = "",
    map_agent: Agents = None,
    map_group: Groups = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Connect a platform. Its token is read from HOLDFAST_PLATFORM_TOKEN, what its webhooks are checked with from
    HOLDFAST_PLATFORM_WEBHOOK_SECRET; the token is asked for when it is not set."""
    from backend.integrations.schemas import IntegrationAdd

    body: dict[str, Any] = {"platform": platform, "baseUrl": address, "accountId": account, "agentId": agent}
    body |= {"agents": _pairs(map_agent), "groups": _levels(map_group), **_secrets()}
    wanted = _valid(IntegrationAdd, body)
    _done(url, json, lambda api: api.integrations.add(wanted))


@group.command()
def change(
    name: Name,
    address: Address = "",
    account: Account = "",
    agent: Agent = "",
    map_agent: Agents = None,
    map_group: Groups = None,
    token: Annotated[bool, typer.Option(help="Read or ask for another token.")] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Change what is given. Another address needs --token."""
    from backend.integrations.schemas import IntegrationChange

    given: dict[str, Any] = {"baseUrl": address, "accountId": account, "agentId": agent}
    given |= {"agents": _pairs(map_agent), "groups": _levels(map_group), **(_secrets() if token else {})}
    wanted = _valid(IntegrationChange, {key: value for key, value in given.items() if value})

    async def changed(api: "Client") -> Any:
        return await api.integrations.change((await _find(api, name)).id, wanted)

    _done(url, json, changed)


@group.command()
def remove(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """End a connection, and forget its credentials."""

    async def removed(api: "Client") -> Any:
        found = await _find(api, name)
        await api.integrations.remove(found.id)
        return found

    one = twin.told(twin.signed_in(url, removed))
    show(f"{one['title']} is not connected any more.", {"id": one["id"]}, as_json=json)


@group.command()
def sync(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """Read back now what changed on the platform since the last sweep."""

    async def begun(api: "Client") -> Any:
        return await api.integrations.sync((await _find(api, name)).id)

    show("It is read back now.", twin.told(twin.signed_in(url, begun)), as_json=json)


@group.command()
def outgoing(
    state: Annotated[str, typer.Option(help="queued, sending, unknown, sent or failed.")] = "failed",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What was to be done on platforms, the newest first: as a rule, what failed."""

    async def listed(api: "Client") -> Any:
        return await api.outgoing.list(state=state.upper(), limit=limit)

    page = twin.told(twin.signed_in(url, listed))
    rows = [CALLS, *map(_call, page["items"])]
    show(twin.table(rows) if page["items"] else "There is nothing.", page, as_json=json)


@group.command()
def retry(
    id: Annotated[str, typer.Argument(help="Of the outgoing call.")], url: twin.Url = "", json: twin.Json = False
) -> None:
    """Try a failed call again; a message only after looking whether it is there."""

    async def retried(api: "Client") -> Any:
        return await api.outgoing.retry(id)

    one = twin.told(twin.signed_in(url, retried))
    show(f"{one['kind'].lower()} is tried again.", one, as_json=json)


async def _find(api: "Client", name: str) -> Any:
    found = [one for one in (await api.integrations.list()).items if name.lower() in (one.id, one.platform)]
    if not found:
        fail(f"There is no integration {name!r} here.")
    return found[0]


def _valid(model: "type[Wanted]", body: dict[str, Any]) -> "Wanted":
    """`body` as the server takes it; says what is wrong with it otherwise."""
    from pydantic import ValidationError

    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        fail(f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}")


def _secrets() -> dict[str, str]:
    """From the environment, or asked for: an argument would stay in the shell's history."""
    token = os.environ.get("HOLDFAST_PLATFORM_TOKEN", "")
    if not token and sys.stdin.isatty():
        token = str(typer.prompt("Token", hide_input=True))
    return {"token": token, "webhookSecret": os.environ.get("HOLDFAST_PLATFORM_WEBHOOK_SECRET", "")}


def _pairs(given: list[str] | None) -> dict[str, str]:
    pairs = [one.partition("=") for one in given or ()]
    if wrong := [left for left, sign, right in pairs if not (left and sign and right)]:
        fail(f"{wrong[0]!r}: write it as LEFT=RIGHT")
    return {left: right for left, _, right in pairs}


def _levels(given: list[str] | None) -> dict[str, str]:
    return {level.upper().replace("-", "_"): id for level, id in _pairs(given).items()}


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.desk import ages

    out = one["outgoing"]
    waiting = out.get("QUEUED", 0) + out.get("SENDING", 0)
    now = RealClock().now()
    return (
        one["title"],
        "no: " + ", ".join(one["missing"]) if one["missing"] else "yes",
        str(waiting),
        str(out.get("UNKNOWN", 0)),
        str(out.get("FAILED", 0)),
        str(one["failingDeliveries"]),
        ages.local(one["sweptAt"], now) if one["sweptAt"] else "never",
        one["error"] or "",
    )


def _call(one: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.desk import ages

    when = ages.local(one["createdAt"], RealClock().now())
    about = (one["kind"].lower(), one["state"].lower(), str(one["tries"]), one["platform"])
    return (when, *about, one["incidenceId"], one["error"] or "", one["id"])


def _done(url: str, json: bool, work: Callable[["Client"], Awaitable[Any]]) -> None:
    one = twin.told(twin.signed_in(url, work))
    missing = f" Still to be set: {', '.join(one['missing'])}." if one["missing"] else ""
    show(f"{one['title']} is connected. Its webhooks go to {one['webhookPath']}.{missing}", one, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="integrations")
