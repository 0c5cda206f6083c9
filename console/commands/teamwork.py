"""`holdfast incidence label, labels, watch`: working together on cases."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.commands.incidence import Id, Version, done, group
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client


@group.command()
def label(
    id: Id,
    labels: Annotated[list[str] | None, typer.Argument(help="Labels to put on it.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="A label to take off it; may be given several times.")
    ] = None,
    version: Version = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Put labels on it, take others off."""
    from pydantic import ValidationError

    from backend.incidences.schemas import LabelsChange

    try:
        body = LabelsChange(add=labels or [], remove=remove or [], version=version)
    except ValidationError as error:
        fail("; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors()))
    done(url, json, lambda api: api.incidences.label(id, body), "is labelled")


@group.command("labels")
def known_labels(url: twin.Url = "", json: twin.Json = False) -> None:
    """The labels of open incidences, and how many have each."""

    async def counted(api: "Client") -> Any:
        return await api.incidences.labels()

    found = twin.told(twin.signed_in(url, counted))
    rows = [(f"#{one['label']}", str(one["count"])) for one in found["items"]]
    show(twin.table(rows) if rows else "No label is used.", found, as_json=json)


@group.command()
def watch(
    id: Id,
    off: Annotated[bool, typer.Option("--off", help="Watch it no more.")] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Hear of it though it is not yours."""

    async def watched(api: "Client") -> Any:
        return await (api.incidences.unwatch(id) if off else api.incidences.watch(id))

    done(url, json, watched, "is watched no more" if off else "is watched")


def register(_: typer.Typer) -> None:
    """Its commands are in the group `incidence`."""
