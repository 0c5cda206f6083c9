"""`holdfast delivery …`: the channels that alerts and other letters to staff leave by, and what became of each letter."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

CHANNELS = ("name", "kind", "leads to", "sent", "failed", "waiting", "rate", "trouble")
LETTERS = ("when", "state", "tries", "channel", "to", "subject", "why", "id")
TEST_SECONDS = 45
Name = Annotated[str, typer.Argument(help="The channel's name or id.")]

group = typer.Typer(help="E-mail, Slack and Teams to staff.", no_args_is_help=True)


@group.command()
def channels(url: twin.Url = "", json: twin.Json = False) -> None:
    """The ways out, and how each does."""

    async def listed(api: "Client") -> Any:
        return await api.delivery.channels()

    page = twin.told(twin.signed_in(url, listed))
    rows = [CHANNELS, *map(_channel, page["items"])]
    show(twin.table(rows) if page["items"] else "There is no channel: holdfast delivery add.", page, as_json=json)


@group.command()
def add(
    kind: Annotated[Literal["email", "slack", "teams"], typer.Argument(case_sensitive=False)],
    name: Annotated[str, typer.Option(help="What it is called here.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Add a channel. Its address is read from HOLDFAST_CHANNEL_ADDRESS, or asked for: a webhook's address, or
    smtp://user:password@mail.example.com:587?from=us@example.com&to=team@example.com."""
    from pydantic import ValidationError

    from backend.delivery.schemas import ChannelAdd

    address = os.environ.get("HOLDFAST_CHANNEL_ADDRESS", "")
    if not address and sys.stdin.isatty():
        address = str(typer.prompt("Address", hide_input=True))
    try:
        body = ChannelAdd.model_validate({"kind": kind.upper(), "name": name or kind, "address": address})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        fail(f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}")
    one = twin.told(twin.signed_in(url, lambda api: api.delivery.add(body)))
    show(f"{one['name']} leads to {one['hint']}. Try it: holdfast delivery test {one['name']}", one, as_json=json)


@group.command("test")
def try_channel(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """Send something there (by e-mail: to yourself), and tell how it went."""

    async def tried(api: "Client") -> Any:
        id = (await api.delivery.test((await _find(api, name)).id)).id
        for _ in range(TEST_SECONDS * 2):
            letter = await api.delivery.letter(id)
            if letter.state in ("SENT", "FAILED") or letter.error:
                break
            await asyncio.sleep(0.5)
        return letter

    one = twin.told(twin.signed_in(url, tried))
    said = {"SENT": "It went out.", "FAILED": f"It did not go out: {one['error']}"}
    waits = f"It has not gone out yet: {one['error'] or 'jobs are busy'}"
    show(said.get(one["state"], waits), one, as_json=json)
    if one["state"] != "SENT":
        raise typer.Exit(1)


@group.command()
def rename(
    name: Name,
    to: Annotated[str, typer.Argument(help="What it is called from now on.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Call a channel otherwise."""
    one = twin.told(twin.signed_in(url, _changing(name, name=to)))
    show(f"It is called {one['name']} now.", one, as_json=json)


@group.command()
def stop(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """Let nothing leave by a channel any more; its address is kept."""
    one = twin.told(twin.signed_in(url, _changing(name, is_stopped=True)))
    show(f"{one['name']} is stopped: nothing leaves by it.", one, as_json=json)


@group.command()
def resume(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """Let a stopped channel go on."""
    one = twin.told(twin.signed_in(url, _changing(name, is_stopped=False)))
    show(f"{one['name']} goes on.", one, as_json=json)


@group.command()
def remove(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """Forget a channel and its address."""

    async def removed(api: "Client") -> Any:
        found = await _find(api, name)
        await api.delivery.remove(found.id)
        return found

    one = twin.told(twin.signed_in(url, removed))
    show(f"Nothing leaves by {one['name']} any more.", {"id": one["id"]}, as_json=json)


@group.command()
def letters(
    state: Annotated[str, typer.Option(help="pending, sending, sent or failed.")] = "",
    channel: Annotated[str, typer.Option(help="Only those of this channel: its id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What left or was to, the newest first."""
    query = {"state": state.upper() or None, "channel": channel or None, "limit": limit, "cursor": cursor or None}
    page = twin.told(twin.signed_in(url, lambda api: api.delivery.letters(**query)))
    rows = [LETTERS, *map(_letter, page["items"])]
    show(twin.table(rows) if page["items"] else "There is no letter.", page, as_json=json)


@group.command("letter")
def show_letter(
    id: Annotated[str, typer.Argument(help="The letter's id.")], url: twin.Url = "", json: twin.Json = False
) -> None:
    """One letter with its words."""
    from widgets.plain import plain

    one = twin.told(twin.signed_in(url, lambda api: api.delivery.letter(id)))
    why = f": {one['error']}" if one["error"] else ""
    head = f"{one['subject']}\n{one['channel']} · {one['state'].lower()}{why}"
    show(plain(f"{head}\n\n{one['text'] or '(its words are not kept)'}"), one, as_json=json)


@group.command()
def retry(
    id: Annotated[str, typer.Argument(help="The letter's id.")], url: twin.Url = "", json: twin.Json = False
) -> None:
    """Try a failed letter again."""
    told = twin.told(twin.signed_in(url, lambda api: api.delivery.retry(id)))
    show("It is tried again.", told, as_json=json)


def _changing(which: str, **given: Any) -> Callable[["Client"], Awaitable[Any]]:
    from pydantic import ValidationError

    from backend.delivery.schemas import ChannelChange

    async def changing(api: "Client") -> Any:
        found = await _find(api, which)
        try:
            body = ChannelChange(version=found.version, **given)
        except ValidationError as error:
            fail(error.errors()[0]["msg"].removeprefix("Value error, "))
        return await api.delivery.change(found.id, body)

    return changing


async def _find(api: "Client", name: str) -> Any:
    found = [one for one in (await api.delivery.channels()).items if name in (one.id, one.name)]
    if not found:
        fail(f"There is no channel {name!r} here.")
    if found[0].id is None:
        fail("That one is set for the whole installation: look at the server's settings.")
    return found[0]


def _channel(one: dict[str, Any]) -> tuple[str, ...]:
    rate = "" if one["rate"] is None else f"{one['rate']:.0%}"
    counts = (str(one["sent"]), str(one["failed"]), str(one["waiting"]), rate)
    trouble = "stopped" if one["stoppedAt"] else one["error"] or ""
    return (one["name"], one["kind"].lower(), one["hint"], *counts, trouble)


def _letter(one: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.desk import ages

    when = ages.local(one["createdAt"], RealClock().now())
    about = (one["state"].lower(), str(one["attempts"]), one["channel"], one["recipient"] or "")
    return (when, *about, one["subject"], one["error"] or "", one["id"])


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="delivery")
