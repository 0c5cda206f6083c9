"""`holdfast customer …`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

Id = Annotated[str, typer.Argument(help="Our id or the external one.")]
group = typer.Typer(help="Customers.", no_args_is_help=True)


@group.command("list")
def listing(
    q: Annotated[str, typer.Option(help="Part of a name or id, or a whole e-mail or phone.")] = "",
    sort: Annotated[str, typer.Option(help="name, created, last_activity, risk or churn (highest first).")] = "name",
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


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="customer")
