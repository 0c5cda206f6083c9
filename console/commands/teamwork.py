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


@group.command()
def merge(
    id: Id,
    into: Annotated[str, typer.Argument(help="The incidence that it becomes part of.")],
    reason: Annotated[str, typer.Option(help="Why; needed for another customer's.")] = "",
    other_customer: Annotated[
        bool, typer.Option("--other-customer", help="It is another customer's, and meant.")
    ] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Make it part of another."""
    from backend.incidences.link_schemas import Merge

    async def merged(api: "Client") -> Any:
        one, other = await api.incidences.show(id), await api.incidences.show(into)
        body = Merge(
            into=other.incidence_id,
            version=one.version,
            into_version=other.version,
            other_customer=other_customer,
            reason=reason or None,
        )
        return await api.incidences.merge(one.incidence_id, body)

    both = twin.told(twin.signed_in(url, merged))
    show(
        f"{both['incidence']['ref']} is part of {both['into']['ref']} (until {both['undoUntil']} to be undone).",
        both,
        as_json=json,
    )


@group.command()
def unmerge(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """Make a merged one whole again."""

    async def taken_apart(api: "Client") -> Any:
        return await api.incidences.unmerge(id)

    both = twin.told(twin.signed_in(url, taken_apart))
    show(f"{both['incidence']['ref']} is apart from {both['into']['ref']} again.", both, as_json=json)


@group.command()
def link(
    id: Id,
    to: Annotated[str, typer.Argument(help="The incidence that it relates to.")],
    duplicate: Annotated[bool, typer.Option("--duplicate", help="It is a duplicate of that one.")] = False,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Link it to another."""
    from backend.incidences.link_schemas import LinkMake

    body = LinkMake(to=to, kind="DUPLICATE_OF" if duplicate else "RELATES_TO", reason=reason or None)

    async def linked(api: "Client") -> Any:
        return await api.incidences.link(id, body)

    made = twin.told(twin.signed_in(url, linked))
    show(_linked(made), made, as_json=json)


@group.command()
def links(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """What it is linked to."""

    async def read(api: "Client") -> Any:
        return await api.incidences.links(id)

    found = twin.told(twin.signed_in(url, read))
    show("\n".join(map(_linked, found["items"])) or "It is linked to nothing.", found, as_json=json)


@group.command()
def unlink(
    id: Id, link: Annotated[str, typer.Argument(help="The link's id, or the other's reference.")], url: twin.Url = ""
) -> None:
    """Take a link off."""

    async def off(api: "Client") -> None:
        known = (await api.incidences.links(id)).items
        wanted = [one.link_id for one in known if link.upper() == one.ref and one.kind != "MERGED_INTO"]
        await api.incidences.unlink(id, wanted[0] if wanted else link)

    twin.signed_in(url, off)
    show("The link is off.", {}, as_json=False)


def _linked(one: dict[str, Any]) -> str:
    way = "→" if one["isOutgoing"] else "←"
    return f"{way} {one['kind'].replace('_', ' ').lower()} {one['ref']} {one['summary']} (link {one['linkId']})"


def register(_: typer.Typer) -> None:
    """Its commands are in the group `incidence`."""
