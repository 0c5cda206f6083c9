"""`holdfast customer …`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Id = Annotated[str, typer.Argument(help="Our id or the external one.")]
group = typer.Typer(help="Customers.", no_args_is_help=True)


@group.command("list")
def listing(
    q: Annotated[str, typer.Option(help="Part of a name or id, or a whole e-mail or phone.")] = "",
    sort: Annotated[
        str, typer.Option(help="name, created, last_activity, risk, churn or mrr (highest first).")
    ] = "name",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Who there is."""

    async def found(api: "Client") -> Any:
        return await api.customers.list(q=q or None, sort=sort, limit=limit)

    page = twin.told(twin.signed_in(url, found))
    rows = [
        (one["userId"], one["tier"].lower(), str(one["pastOrderCount"]), _risk(one), one["name"])
        for one in page["items"]
    ]
    headings = ("id", "tier", "orders", "risk", "name")
    show(twin.table([headings, *rows]) if rows else "Nobody is there.", page, as_json=json)


def _risk(one: dict[str, Any]) -> str:
    risk = one["risk"]
    return "" if risk is None else f"{risk['score']} {risk['level']}"


@group.command("risk")
def show_risk(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """How likely a customer is to leave by the rules, why, and what to do."""

    async def found(api: "Client") -> Any:
        return await api.customers.risk(id)

    one = twin.told(twin.signed_in(url, found))
    rows = [(f"{reason['points']:+g}", reason["text"]) for reason in one["reasons"]]
    heading = f"{one['userId']}: {one['score']} of 100, {one['level']} risk. {one['suggestedAction']}."
    show("\n".join([heading, *([twin.table(rows)] if rows else [])]), one, as_json=json)


@group.command("show")
def display(
    id: Id,
    reveal: Annotated[bool, typer.Option("--reveal", help="E-mail and phone in full, which is recorded.")] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """One customer; e-mail and phone are masked."""

    async def found(api: "Client") -> Any:
        return await api.customers.show(id, reveal=reveal)

    one = twin.told(twin.signed_in(url, found))
    rows = [(name, "" if value is None else str(value)) for name, value in one.items()]
    show(twin.table(rows), one, as_json=json)


@group.command()
def mail(
    id: Id,
    wanted: Annotated[Literal["yes", "no"], typer.Argument(help="Whether they want mail of playbooks.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Whether a customer wants mail that nobody wrote to them by hand."""

    async def changed(api: "Client") -> Any:
        from backend.customers.schemas import CustomerChange

        known = await api.customers.show(id)
        return await api.customers.change(id, CustomerChange(version=known.version, email_opt_out=wanted == "no"))

    one = twin.told(twin.signed_in(url, changed))
    said = "No playbook mails" if one["emailOptOut"] else "Playbooks may mail"
    show(f"{said} {one['name'] or one['userId']}.", one, as_json=json)


@group.command()
def sessions(
    id: Id,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Visits in the app, the latest first."""
    page = twin.told(twin.signed_in(url, lambda api: api.customers.sessions(id, limit=limit, cursor=cursor or None)))
    rows = [("began", "seconds", "actions", "ended by", "pages")]
    for one in page["items"]:
        counts = (str(one[name]) for name in ("seconds", "actions"))
        how = "there now" if one["isLive"] else one["endedBy"]
        rows.append((one["startedAt"][:19].replace("T", " "), *counts, how, " > ".join(one["pages"])))
    show(twin.table(rows) if page["items"] else "The app told of no visit.", page, as_json=json)


@group.command()
def timeline(
    id: Id,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What happened with a customer, the newest first."""
    page = twin.told(twin.signed_in(url, lambda api: api.customers.timeline(id, limit=limit, cursor=cursor or None)))
    rows = [(one["at"][:19].replace("T", " "), one["actor"]["name"], one["type"]) for one in page["items"]]
    show(twin.table(rows) if rows else "Nothing happened yet.", page, as_json=json)


@group.command()
def export(
    id: Id,
    file: Annotated[Path | None, typer.Option(help="Where to write it; to the terminal when left out.")] = None,
    url: twin.Url = "",
) -> None:
    """Everything that is held of a customer, as JSON; that you took it is recorded (admins)."""
    document = twin.told(twin.signed_in(url, lambda api: api.customers.export(id)))
    if file is None:
        show("", document, as_json=True)
        return
    from console.files import write_json

    try:
        write_json(file, document)
    except OSError as error:
        fail(f"could not write {file}: {error.strerror}")
    print(f"{sum(document['rows'].values())} rows of {len(document['rows'])} tables in {file}")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="customer")
