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
