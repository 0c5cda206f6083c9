"""`holdfast alerts …`: what the member who is signed in should know of."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

HEADINGS = ("id", "", "when", "kind", "ref", "customer", "what")
Kinds = Annotated[list[str], typer.Argument(help="Kinds, such as escalated or watched.")]

group = typer.Typer(help="What you should know of.", no_args_is_help=True)


@group.command("list")
def list_alerts(
    unread: Annotated[bool, typer.Option("--unread", help="Only those.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Your alerts: unread first, then the newest first."""
    query = {"unread": True if unread else None, "limit": limit, "cursor": cursor or None}
    page = twin.told(twin.signed_in(url, lambda api: api.alerts.list(**query)))
    rows = [HEADINGS, *map(_cells, page["items"])]
    more = "\nThere are more: raise --limit, or go on with --cursor." if page["nextCursor"] else ""
    told = twin.table(rows) + more if page["items"] else "There is no alert."
    show(f"{told}\n{page['unread']} unread.", page, as_json=json)


@group.command()
def read(
    id: Annotated[str, typer.Argument(help="The alert's id.")], url: twin.Url = "", json: twin.Json = False
) -> None:
    """You have read it."""
    one = twin.told(twin.signed_in(url, lambda api: api.alerts.read(id)))
    show(f"Read: {one['ref'] or ''} {one['message']}", one, as_json=json)


@group.command()
def read_all(url: twin.Url = "", json: twin.Json = False) -> None:
    """You have read them all."""
    told = twin.told(twin.signed_in(url, lambda api: api.alerts.read_all()))
    show(f"{told['read']} were unread.", told, as_json=json)


@group.command()
def muted(url: twin.Url = "", json: twin.Json = False) -> None:
    """The kinds of which you hear nothing."""
    _tell(twin.told(twin.signed_in(url, lambda api: api.alerts.muted())), json)


@group.command()
def mute(kinds: Kinds, url: twin.Url = "", json: twin.Json = False) -> None:
    """Hear nothing of these kinds any more."""
    _tell(twin.told(twin.signed_in(url, _muting(lambda known: {*known, *map(_spelled, kinds)}))), json)


@group.command()
def unmute(kinds: Kinds, url: twin.Url = "", json: twin.Json = False) -> None:
    """Hear of these kinds again."""
    _tell(twin.told(twin.signed_in(url, _muting(lambda known: known - set(map(_spelled, kinds))))), json)


@group.command()
def deliveries(
    id: Annotated[str, typer.Argument(help="The alert's id.")], url: twin.Url = "", json: twin.Json = False
) -> None:
    """What became of an alert outside: e-mail, Slack, Teams."""
    page = twin.told(twin.signed_in(url, lambda api: api.alerts.deliveries(id)))
    rows = [("way", "place", "state", "causes", "at", "why"), *map(_delivery, page["items"])]
    show(twin.table(rows) if page["items"] else "It was told nowhere else.", page, as_json=json)


@group.command()
def times(
    zone: Annotated[str, typer.Option(help="Your time zone, such as Asia/Kolkata.")] = "",
    quiet: Annotated[str, typer.Option(help="When you want quiet: 21:00-08:00, or none.")] = "",
    digest: Annotated[str, typer.Option(help="When your daily digest comes: 08:30.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """When you are told outside; with options, from now on."""
    begin, _, end = ("", "", "") if quiet.lower() == "none" else quiet.partition("-")

    async def told(api: "Client") -> Any:
        from pydantic import ValidationError

        from backend.alerts.schemas import AlertTimes
        from console.output import fail

        known = await api.alerts.times()
        if not (zone or quiet or digest):
            return known
        given = {"zone": zone, "digestAt": digest} | ({"quietFrom": begin, "quietTo": end} if quiet else {})
        wanted = known.model_dump(by_alias=True) | {
            name: value for name, value in given.items() if value or name.startswith("quiet")
        }
        try:
            return await api.alerts.set_times(AlertTimes.model_validate(wanted))
        except ValidationError as error:
            fail(error.errors()[0]["msg"].removeprefix("Value error, "))

    one = twin.told(twin.signed_in(url, told))
    calm = f"quiet from {one['quietFrom']} to {one['quietTo']}" if one["quietFrom"] else "no quiet hours"
    show(f"{one['zone']}: {calm}, the daily digest at {one['digestAt']}.", one, as_json=json)


def _delivery(one: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.desk import ages

    when = ages.local(one["at"], RealClock().now())
    return (one["way"].lower(), one["place"], one["state"].lower(), str(one["count"]), when, one["error"] or "")


def _muting(change: Callable[[set[str]], set[str]]) -> Callable[["Client"], Awaitable[Any]]:
    async def muting(api: "Client") -> Any:
        from pydantic import ValidationError

        from backend.alerts.schemas import Muted
        from console.output import fail

        wanted = change({*(await api.alerts.muted()).kinds})
        try:
            body = Muted.model_validate({"kinds": sorted(wanted)})
        except ValidationError as error:
            fail(f"there is no such kind: {error.errors()[0]['msg']}")
        return await api.alerts.mute(body)

    return muting


def _tell(told: dict[str, Any], json: bool) -> None:
    names = ", ".join(kind.replace("_", " ").lower() for kind in told["kinds"])
    show(f"You hear nothing of: {names}." if names else "You hear of everything.", told, as_json=json)


def _spelled(words: str) -> str:
    return words.upper().replace("-", "_")


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.desk import ages

    return (
        one["id"],
        "" if one["read"] else "●",
        ages.since(one["at"], RealClock().now()),
        one["kind"].replace("_", " ").lower(),
        one["ref"] or "",
        (one["customerName"] or "")[:32],
        one["message"] + (f" ({one['count']}×)" if one["count"] > 1 else ""),
    )


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="alerts")
