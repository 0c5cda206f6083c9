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
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Who there is."""

    async def found(api: "Client") -> Any:
        return await api.customers.list(q=q or None, limit=limit)

    page = twin.told(twin.signed_in(url, found))
    rows = [(one["userId"], one["tier"].lower(), str(one["pastOrderCount"]), one["name"]) for one in page["items"]]
    show(twin.table([("id", "tier", "orders", "name"), *rows]) if rows else "Nobody is there.", page, as_json=json)


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
