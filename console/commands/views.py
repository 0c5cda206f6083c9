"""`holdfast views …`: filters of the queue under names, one's own on every machine."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Name = Annotated[str, typer.Argument(help="The view's name.")]

group = typer.Typer(help="Saved views of the queue.", no_args_is_help=True)


@group.command("list")
def list_all(url: twin.Url = "", json: twin.Json = False) -> None:
    """One's own."""

    async def read(api: "Client") -> Any:
        return await api.views.list()

    found = twin.told(twin.signed_in(url, read))
    rows = [(one["name"], one["filter"]) for one in found["items"]]
    show(twin.table(rows) if rows else "There are none.", found, as_json=json)


@group.command()
def keep(
    name: Name,
    filter: Annotated[str, typer.Argument(help="As it is typed in the queue: `p1 value>25k @me`.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Keep a filter under a name; one that is there under it becomes this."""
    from pydantic import ValidationError

    from backend.incidences.view_schemas import ViewKeep

    try:
        body = ViewKeep(name=name, filter=filter)
    except ValidationError as error:
        fail("; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors()))

    async def kept(api: "Client") -> Any:
        return await api.views.keep(body)

    found = twin.told(twin.signed_in(url, kept))
    show(f"{found['name']} is kept.", found, as_json=json)


@group.command()
def drop(name: Name, url: twin.Url = "") -> None:
    """Take one away."""

    async def gone(api: "Client") -> None:
        known = (await api.views.list()).items
        found = [one.view_id for one in known if one.name.casefold() == name.casefold()]
        if not found:
            fail(f"there is no view {name!r}; there are {', '.join(one.name for one in known) or 'none'}.")
        await api.views.drop(found[0])

    twin.signed_in(url, gone)
    show(f"{name} is gone.", {}, as_json=False)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="views")
