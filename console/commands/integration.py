"""`holdfast integrations …`: connections to other systems, how they do, and what did not reach them."""

import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from pydantic import BaseModel

    from backend.client import Client

    Wanted = TypeVar("Wanted", bound=BaseModel)

Name = Annotated[str, typer.Argument(help="Its kind, the name that it was given, or its id.")]
Called = Annotated[str, typer.Option("--name", help="What it is called, where there may be several of its kind.")]
Events = Annotated[list[str] | None, typer.Option(help="incidence.opened, incidence.* or * (webhook); repeat it.")]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", exists=True, dir_okay=False, help="YAML or JSON: how records become ours.")
]
Address = Annotated[str, typer.Option(help="The address of its API, such as https://acme.freshchat.com/v2.")]
Account = Annotated[str, typer.Option(help="The account's number (Chatwoot).")]
Agent = Annotated[str, typer.Option(help="The platform's id of the agent that messages are written by.")]
Agents = Annotated[list[str] | None, typer.Option(help="ID=E-MAIL: a platform's agent and the member; repeat it.")]
Groups = Annotated[list[str] | None, typer.Option(help="LEVEL=ID: a level of escalation and the group; repeat it.")]
HEADINGS = ("system", "set up", "waiting", "unknown", "failed", "bad webhooks", "swept", "last error")
CALLS = ("when", "what", "state", "tries", "platform", "incidence", "why", "id")

group = typer.Typer(help="Other systems.", no_args_is_help=True)


@group.command("list")
def list_all(url: twin.Url = "", json: twin.Json = False) -> None:
    """The connections, and how each does."""

    async def listed(api: "Client") -> Any:
        return await api.integrations.list()

    page = twin.told(twin.signed_in(url, listed))
    rows = [HEADINGS, *map(_cells, page["items"])]
    show(twin.table(rows) if page["items"] else "Nothing is connected.", page, as_json=json)


@group.command()
def kinds(url: twin.Url = "", json: twin.Json = False) -> None:
    """What can be connected, and what each kind needs to be told."""

    async def listed(api: "Client") -> Any:
        return await api.integrations.kinds()

    page = twin.told(twin.signed_in(url, listed))
    lines = []
    for one in page["items"]:
        needs = ", ".join(need["name"] + ("" if need["isRequired"] else "?") for need in one["needs"])
        lines.append((one["name"], one["family"], f"{one['about']} ({needs})"))
    show(twin.table(lines), page, as_json=json)


@group.command()
def add(
    kind: Annotated[str, typer.Argument(help="As `integrations kinds` lists them.")],
    address: Address = "",
    called: Called = "",
    account: Account = "",
    agent: Agent = "",
    map_agent: Agents = None,
    map_group: Groups = None,
    event: Events = None,
    mapping: MappingFile = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Connect a system. Its token is read from HOLDFAST_PLATFORM_TOKEN, what its webhooks are checked with or signed by
    from HOLDFAST_PLATFORM_WEBHOOK_SECRET; a token that is needed is asked for when it is not set."""
    from backend.integrations.kinds import BY_NAME
    from backend.integrations.schemas import IntegrationAdd

    known = BY_NAME.get(kind.lower())
    if known is None:
        fail(f"there is no kind {kind!r}; there are {', '.join(BY_NAME)}")
    usual = next((need.usual for need in known.needs if need.name == "baseUrl"), "")
    body: dict[str, Any] = {"platform": known.name, "name": called, "baseUrl": address or usual}
    body |= {"accountId": account, "agentId": agent, "events": event or [], "mapping": _mapping(mapping)}
    body |= {"agents": _pairs(map_agent), "groups": _levels(map_group), **_secrets(asks=known.takes("token"))}
    wanted = _valid(IntegrationAdd, body)
    _done(url, json, lambda api: api.integrations.add(wanted))


@group.command()
def change(
    name: Name,
    address: Address = "",
    called: Called = "",
    account: Account = "",
    agent: Agent = "",
    map_agent: Agents = None,
    map_group: Groups = None,
    event: Events = None,
    mapping: MappingFile = None,
    token: Annotated[bool, typer.Option(help="Read or ask for another token.")] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Change what is given. Another address needs --token."""
    from backend.integrations.schemas import IntegrationChange

    given: dict[str, Any] = {"name": called, "baseUrl": address, "accountId": account, "agentId": agent}
    given |= {"events": event, "mapping": _mapping(mapping), "agents": _pairs(map_agent)}
    given |= {"groups": _levels(map_group), **(_secrets(asks=True) if token else {})}
    wanted = _valid(IntegrationChange, {key: value for key, value in given.items() if value})

    async def changed(api: "Client") -> Any:
        return await api.integrations.change((await _find(api, name)).id, wanted)

    _done(url, json, changed)


def _stop(url: str, json: bool, name: str, is_stopped: bool) -> None:
    from backend.integrations.schemas import IntegrationChange

    async def changed(api: "Client") -> Any:
        wanted = IntegrationChange(is_stopped=is_stopped)
        return await api.integrations.change((await _find(api, name)).id, wanted)

    one = twin.told(twin.signed_in(url, changed))
    means = "is stopped: nothing is told, read or taken until it goes on" if is_stopped else "goes on"
    show(f"{one['title']} {means}.", one, as_json=json)


@group.command()
def stop(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """Stop it: nothing is told, read or taken until it goes on."""
    _stop(url, json, name, True)


@group.command()
def resume(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """Let it go on. What happened while it was stopped is not told."""
    _stop(url, json, name, False)


@group.command("test")
def try_it(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """Call it once, and say what came of it."""

    async def tested(api: "Client") -> Any:
        return await api.integrations.test((await _find(api, name)).id)

    one = twin.told(twin.signed_in(url, tested))
    show(f"{'✓' if one['ok'] else '✗'} {one['said']}", one, as_json=json)
    if not one["ok"]:
        raise SystemExit(1)


@group.command()
def log(
    name: Name,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What was told to it, what came from it, and what each reading of it read, changed and refused."""

    async def read(api: "Client") -> Any:
        id = (await _find(api, name)).id
        asked = (api.integrations.runs, api.integrations.posts, api.integrations.arrivals)
        runs, posts, arrivals = [twin.told(await one(id, limit=limit))["items"] for one in asked]
        return {"runs": runs, "posts": posts, "arrivals": arrivals}

    told = twin.signed_in(url, read)
    from console.integrations.log import lines_of

    rows = lines_of(told)
    show(twin.table(rows) if rows else "There is nothing.", told, as_json=json)


@group.command()
def replay(
    name: Name,
    post: Annotated[str, typer.Argument(help="The id of a post; without one, all that were given up.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Tell a webhook endpoint again what it was told before, or what was given up."""
    from backend.integrations.schemas import ReplayAsked

    async def replayed(api: "Client") -> Any:
        id = (await _find(api, name)).id
        return await (api.integrations.replay(id, post) if post else api.integrations.replay_all(id, ReplayAsked()))

    one = twin.told(twin.signed_in(url, replayed))
    show("It is sent again." if post else f"{one['count']} are sent again.", one, as_json=json)


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
    found = [one for one in (await api.integrations.list()).items if name in (one.id, one.name)]
    found = found or [one for one in (await api.integrations.list()).items if name.lower() == one.platform]
    if not found:
        fail(f"There is no integration {name!r} here.")
    if len(found) > 1:
        fail(f"There are several; say which: {', '.join(one.name or one.id for one in found)}")
    return found[0]


def _valid(model: "type[Wanted]", body: dict[str, Any]) -> "Wanted":
    """`body` as the server takes it; says what is wrong with it otherwise."""
    from pydantic import ValidationError

    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        fail(f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}")


def _mapping(file: Path | None) -> Any:
    """What a file of YAML (which JSON is, too) says."""
    if file is None:
        return None
    import yaml  # type: ignore[import-untyped]

    try:
        return yaml.safe_load(file.read_text())
    except (yaml.YAMLError, UnicodeError) as error:
        fail(f"{file}: {' '.join(str(error).split())}")


def _secrets(*, asks: bool) -> dict[str, str]:
    """From the environment, or asked for: an argument would stay in the shell's history."""
    token = os.environ.get("HOLDFAST_PLATFORM_TOKEN", "")
    if asks and not token and sys.stdin.isatty():
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
    lines = [f"{one['title']} is connected."]
    lines += [f"Its webhooks go to {one['webhookPath']}."] if one["webhookPath"] else []
    lines += [f"Still to be set: {', '.join(one['missing'])}."] if one["missing"] else []
    lines += [f"Its secret, shown this once: {one['webhookSecret']}"] if one.get("webhookSecret") else []
    show(" ".join(lines), one, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="integrations")
